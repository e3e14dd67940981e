// A table in the making: a snapshot with some moves made, and what each
// processor is predicted to carry then. A planner's working value; pure,
// integers only. Thread-compatible.
#ifndef LB_BALANCE_DRAFT_TABLE_H_
#define LB_BALANCE_DRAFT_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "balance/imbalance_index.h"
#include "balance/snapshot.h"
#include "common/ids.h"

namespace lb::balance {

class DraftTable {
 public:
  // `snapshot` is valid and outlives the draft. If no bucket has a load, as
  // where only utilizations are known, each takes an even part of what its
  // processor carries.
  explicit DraftTable(const Snapshot& snapshot);

  std::size_t processors() const { return usage_.size(); }
  std::uint32_t buckets() const {
    return static_cast<std::uint32_t>(owner_.size());
  }

  // Predicted, by processor.
  std::span<const ProcessorUsage> usage() const { return usage_; }
  const ProcessorUsage& usage(std::size_t processor) const {
    return usage_[processor];
  }
  std::size_t owner(std::size_t bucket) const { return owner_[bucket].index(); }
  // By bucket; the table is of no use afterwards.
  std::vector<ProcessorId> TakeOwners() && { return std::move(owner_); }
  std::uint64_t load(std::size_t bucket) const {
    return spread_.empty() ? snapshot_->buckets[bucket].load_ns_per_s
                           : spread_[bucket];
  }
  std::uint64_t heaviest_load() const { return heaviest_load_; }
  // The first bucket with the heaviest load.
  std::size_t heaviest() const;

  // Buckets of the processor that carry a load.
  std::uint32_t loaded(std::size_t processor) const {
    return loaded_count_[processor];
  }

  // Mean load of the processor's buckets that carry any; 0 if none does.
  std::uint64_t MeanLoad(std::size_t processor) const;

  // Of processors in service. The highest and lowest utilization, ties to the
  // lower index.
  std::size_t Highest() const;
  std::size_t Lowest() const;
  std::uint64_t busy() const;      // sum, ns per second
  std::uint64_t capacity() const;  // sum, permille

  void Move(std::size_t bucket, std::size_t to);

 private:
  void AddBuckets(const Snapshot& snapshot);
  void SpreadUtilizations();
  void SetUsage(std::size_t processor);

  const Snapshot* snapshot_;
  std::vector<ProcessorUsage> usage_;
  // Busy time; below zero where buckets left with more than was measured.
  std::vector<std::int64_t> carried_;
  std::vector<std::uint64_t> loaded_sum_;
  std::vector<std::uint32_t> loaded_count_;
  std::vector<ProcessorId> owner_;
  std::vector<std::uint64_t> spread_;  // loads, where none was measured
  std::uint64_t heaviest_load_ = 0;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_DRAFT_TABLE_H_
