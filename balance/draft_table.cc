#include "balance/draft_table.h"

#include <algorithm>

namespace lb::balance {

DraftTable::DraftTable(const Snapshot& snapshot)
    : snapshot_(&snapshot),
      usage_(snapshot.processors.size()),
      carried_(snapshot.processors.size(), 0),
      loaded_sum_(snapshot.processors.size(), 0),
      loaded_count_(snapshot.processors.size(), 0) {
  AddBuckets(snapshot);
  for (std::size_t i = 0; i < usage_.size(); ++i) {
    const ProcessorState& p = snapshot.processors[i];
    usage_[i].capacity_permille = p.capacity_permille;
    usage_[i].in_service = p.in_service;
    carried_[i] =
        static_cast<std::int64_t>(p.busy_ns_per_s.value_or(loaded_sum_[i]));
    SetUsage(i);
  }
  if (heaviest_load_ == 0) SpreadUtilizations();
}

// One pass over what may be many buckets: into one small array.
void DraftTable::AddBuckets(const Snapshot& snapshot) {
  struct Sum {
    std::uint64_t load = 0;
    std::uint32_t loaded = 0;
    std::uint32_t buckets = 0;
  };
  std::vector<Sum> sums(usage_.size());
  std::uint64_t heaviest = 0;
  owner_.resize(snapshot.buckets.size());
  ProcessorId* owner = owner_.data();
  for (const BucketState& bucket : snapshot.buckets) {
    const std::uint64_t load = bucket.load_ns_per_s;
    *owner++ = bucket.owner;
    Sum& sum = sums[bucket.owner.index()];
    sum.load += load;
    sum.loaded += load > 0 ? 1 : 0;
    ++sum.buckets;
    heaviest = std::max(heaviest, load);
  }
  heaviest_load_ = heaviest;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    loaded_sum_[i] = sums[i].load;
    loaded_count_[i] = sums[i].loaded;
    usage_[i].buckets = sums[i].buckets;
  }
}

void DraftTable::SpreadUtilizations() {
  spread_.reserve(owner_.size());
  for (const ProcessorId id : owner_) {
    const std::size_t owner = id.index();
    const ProcessorUsage& own = usage_[owner];
    const std::uint64_t load = own.busy_ns_per_s / own.buckets;
    spread_.push_back(load);
    heaviest_load_ = std::max(heaviest_load_, load);
    loaded_sum_[owner] += load;
    loaded_count_[owner] += load > 0 ? 1 : 0;
  }
}

std::size_t DraftTable::heaviest() const {
  std::size_t bucket = 0;
  while (load(bucket) != heaviest_load_) ++bucket;
  return bucket;
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
  const std::size_t from = owner(bucket);
  const std::uint64_t load = this->load(bucket);
  const std::uint32_t loaded = load > 0 ? 1 : 0;
  owner_[bucket] = ProcessorId(static_cast<std::uint16_t>(to));
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
