// What a planner sees of a host: a value, all integers. Pure.
#ifndef LB_BALANCE_SNAPSHOT_H_
#define LB_BALANCE_SNAPSHOT_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/ids.h"

namespace lb::balance {

// Loads and busy times, in ns per second, above these are refused: sums and
// products of what is below never overflow.
inline constexpr std::uint64_t kMaxLoad = 1'000'000'000'000'000;
inline constexpr std::uint64_t kMaxTotalLoad = 1'000'000'000'000'000'000;

// Billionths, in which imbalances are computed.
inline constexpr std::uint64_t kPpb = 1'000'000'000;

struct ProcessorState {
  std::uint32_t capacity_permille = 1'000;
  // Busy time per second of wall time, in ns. Empty: the sum of the loads of
  // the processor's buckets.
  std::optional<std::uint64_t> busy_ns_per_s{};
  bool in_service = true;  // false: drained or stalled; gets quota 0
};

struct BucketState {
  ProcessorId owner{};
  std::uint32_t connections = 0;    // open; 0 also where it is not known
  std::uint64_t load_ns_per_s = 0;  // offered load
  bool pinned = false;              // never moved
  bool resting = false;             // in cooldown: not moved by this plan
  // Processor this bucket left less than return_time ago.
  std::optional<ProcessorId> no_return{};
};

struct Snapshot {
  std::vector<ProcessorState> processors;  // by ProcessorId
  std::vector<BucketState> buckets;        // by BucketId; N a power of two or,
                                           // offline, any number from 1
};

// INVALID_ARGUMENT, naming the first offender, unless there are 1..kMaxBuckets
// buckets and 1..kMaxProcessors processors, every owner exists, a processor is
// in service, capacities are 1..1000, and no load or busy time exceeds
// kMaxLoad, nor their sums kMaxTotalLoad.
absl::Status ValidateSnapshot(const Snapshot& snapshot);

}  // namespace lb::balance

#endif  // LB_BALANCE_SNAPSHOT_H_
