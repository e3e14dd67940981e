// The indirection table: bucket -> processor, and the layout it is made for.
// Pure values without threads; copy or share const.
#ifndef LB_COMMON_TABLE_H_
#define LB_COMMON_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ids.h"

namespace lb {

inline constexpr std::uint32_t kMinBuckets = 64;
inline constexpr std::uint32_t kMaxBuckets = 65'536;
inline constexpr std::uint32_t kDefaultBuckets = 1'024;
inline constexpr std::uint32_t kMaxProcessors = 1'024;

enum class HashKind : std::uint8_t { kSipHash = 1, kToeplitz = 2 };

// "siphash" or "toeplitz", and back. INVALID_ARGUMENT for any other name.
std::string_view HashKindName(HashKind kind);
absl::StatusOr<HashKind> ParseHashKind(std::string_view name);

// One worker and one timer thread on one CPU.
struct ProcessorLayout {
  std::uint32_t cpu = 0;  // CPU the processor is pinned to
  // Configured upper limit of its capacity, in thousandths of a CPU.
  std::uint32_t capacity_permille = 1'000;
  friend bool operator==(const ProcessorLayout&,
                         const ProcessorLayout&) = default;
};

// What a host's data plane consists of. Fixed for the life of an agent.
struct Layout {
  std::uint32_t buckets = kDefaultBuckets;  // N, a power of two
  HashKind hash = HashKind::kSipHash;
  std::string key_id;  // names the hash key, never shows it
  std::vector<ProcessorLayout> processors;
  friend bool operator==(const Layout&, const Layout&) = default;
};

// INVALID_ARGUMENT unless N is a power of two within kMinBuckets..kMaxBuckets,
// there are 1..kMaxProcessors processors, and each capacity is 1..1000.
absl::Status ValidateLayout(const Layout& layout);

// owner[b] is the processor of bucket b; owner.size() is N.
struct Table {
  HashKind hash = HashKind::kSipHash;
  std::string key_id;
  std::vector<ProcessorId> owner;

  std::size_t buckets() const { return owner.size(); }
  friend bool operator==(const Table&, const Table&) = default;
};

// Deals buckets to processors round robin: bucket b to processor b mod P.
Table DealRoundRobin(const Layout& layout);

// Covers N, hash, key id and every entry. XXH3-64 of a canonical byte string,
// so equal on every machine. Identifies content; not a cryptographic seal.
Digest ComputeDigest(const Table& table);

// INVALID_ARGUMENT, naming the first difference, unless `table` fits `layout`:
// same N, hash and key id, every owner an existing processor.
absl::Status ValidateTable(const Table& table, const Layout& layout);

}  // namespace lb

#endif  // LB_COMMON_TABLE_H_
