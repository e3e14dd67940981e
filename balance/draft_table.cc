#include "balance/draft_table.h"

#include <algorithm>

namespace lb::balance {

DraftTable::DraftTable(const Snapshot& snapshot)
    : usage_(snapshot.processors.size()),
      carried_(snapshot.processors.size(), 0),
      loaded_sum_(snapshot.processors.size(), 0),
      loaded_count_(snapshot.processors.size(), 0) {
  owner_.reserve(snapshot.buckets.size());
  load_.reserve(snapshot.buckets.size());
  for (const BucketState& bucket : snapshot.buckets) {
    owner_.push_back(bucket.owner.index());
    load_.push_back(bucket.load_ns_per_s);
    heaviest_load_ = std::max(heaviest_load_, bucket.load_ns_per_s);
    carried_[bucket.owner.index()] +=
        static_cast<std::int64_t>(bucket.load_ns_per_s);
    ++usage_[bucket.owner.index()].buckets;
  }
  for (std::size_t i = 0; i < usage_.size(); ++i) {
    const ProcessorState& p = snapshot.processors[i];
    usage_[i].capacity_permille = p.capacity_permille;
    usage_[i].in_service = p.in_service;
    if (p.busy_ns_per_s.has_value()) {
      carried_[i] = static_cast<std::int64_t>(*p.busy_ns_per_s);
    }
    SetUsage(i);
  }
  if (heaviest_load_ == 0) {
    for (std::size_t b = 0; b < load_.size(); ++b) {
      const ProcessorUsage& own = usage_[owner_[b]];
      load_[b] = own.busy_ns_per_s / own.buckets;
      heaviest_load_ = std::max(heaviest_load_, load_[b]);
    }
  }
  for (std::size_t b = 0; b < load_.size(); ++b) {
    loaded_sum_[owner_[b]] += load_[b];
    loaded_count_[owner_[b]] += load_[b] > 0 ? 1 : 0;
  }
}

std::size_t DraftTable::heaviest() const {
  return static_cast<std::size_t>(
      std::find(load_.begin(), load_.end(), heaviest_load_) - load_.begin());
}

std::uint64_t DraftTable::MeanLoad(std::size_t processor) const {
  return loaded_count_[processor] == 0
             ? 0
             : loaded_sum_[processor] / loaded_count_[processor];
}

std::size_t DraftTable::Highest() const {
  std::optional<std::size_t> highest;
  for (std::size_t i = 0; i < usage_.size(); ++i) {
    if (!usage_[i].in_service) continue;
    if (!highest || LessUtilized(usage_[*highest], usage_[i])) highest = i;
  }
  return highest.value_or(0);
}

std::size_t DraftTable::Lowest() const {
  std::optional<std::size_t> lowest;
  for (std::size_t i = 0; i < usage_.size(); ++i) {
    if (!usage_[i].in_service) continue;
    if (!lowest || LessUtilized(usage_[i], usage_[*lowest])) lowest = i;
  }
  return lowest.value_or(0);
}

std::uint64_t DraftTable::busy() const {
  std::uint64_t sum = 0;
  for (const ProcessorUsage& p : usage_) {
    if (p.in_service) sum += p.busy_ns_per_s;
  }
  return sum;
}

std::uint64_t DraftTable::capacity() const {
  std::uint64_t sum = 0;
  for (const ProcessorUsage& p : usage_) {
    if (p.in_service) sum += p.capacity_permille;
  }
  return sum;
}

void DraftTable::Move(std::size_t bucket, std::size_t to) {
  const std::size_t from = owner_[bucket];
  const std::uint64_t load = load_[bucket];
  const std::uint32_t loaded = load > 0 ? 1 : 0;
  owner_[bucket] = to;
  carried_[from] -= static_cast<std::int64_t>(load);
  carried_[to] += static_cast<std::int64_t>(load);
  loaded_sum_[from] -= load;
  loaded_sum_[to] += load;
  loaded_count_[from] -= loaded;
  loaded_count_[to] += loaded;
  --usage_[from].buckets;
  ++usage_[to].buckets;
  SetUsage(from);
  SetUsage(to);
}

void DraftTable::SetUsage(std::size_t processor) {
  usage_[processor].busy_ns_per_s = static_cast<std::uint64_t>(
      std::max<std::int64_t>(carried_[processor], 0));
}

}  // namespace lb::balance
