#include "balance/bucket_pool.h"

#include <algorithm>

namespace lb::balance {

BucketPool::BucketPool(const Snapshot& snapshot, const DraftTable& draft)
    : snapshot_(snapshot),
      load_(snapshot.buckets.size()),
      loaded_(snapshot.processors.size()),
      idle_(snapshot.processors.size()) {
  for (std::size_t b = 0; b < snapshot.buckets.size(); ++b) {
    load_[b] = draft.load(b);
    const BucketState& bucket = snapshot.buckets[b];
    const std::size_t owner = bucket.owner.index();
    if (bucket.pinned || bucket.resting ||
        !snapshot.processors[owner].in_service) {
      continue;
    }
    if (load_[b] > 0) {
      loaded_[owner].push_back({load_[b], b});
    } else {
      idle_[owner].push_back(b);
    }
  }
  for (std::vector<Entry>& entries : loaded_) {
    std::sort(entries.begin(), entries.end());
  }
}

std::optional<std::size_t> BucketPool::Nearest(std::size_t from, std::size_t to,
                                               std::uint64_t wanted,
                                               std::uint64_t limit) const {
  const std::vector<Entry>& entries = loaded_[from];
  const auto middle = std::upper_bound(
      entries.begin(), entries.end(), Entry{std::min(wanted, limit), SIZE_MAX});
  // At most `wanted`: the heaviest; among equals the lowest index.
  std::optional<Entry> below;
  for (auto it = middle; it != entries.begin();) {
    --it;
    if (below && it->load < below->load) break;
    if (MayGo(it->bucket, to)) below = *it;
  }
  for (auto it = middle; it != entries.end() && it->load <= limit; ++it) {
    if (below && it->load - wanted >= wanted - below->load) break;
    if (MayGo(it->bucket, to)) return it->bucket;
  }
  if (!below) return std::nullopt;
  return below->bucket;
}

std::optional<std::size_t> BucketPool::Idle(std::size_t from,
                                            std::size_t to) const {
  for (std::size_t bucket : idle_[from]) {
    if (MayGo(bucket, to)) return bucket;
  }
  return std::nullopt;
}

bool BucketPool::HasUpTo(std::size_t from, std::uint64_t limit) const {
  return !loaded_[from].empty() && loaded_[from].front().load <= limit;
}

void BucketPool::Remove(std::size_t from, std::size_t bucket) {
  if (load_[bucket] == 0) {
    std::erase(idle_[from], bucket);
    return;
  }
  std::vector<Entry>& entries = loaded_[from];
  entries.erase(std::lower_bound(entries.begin(), entries.end(),
                                 Entry{load_[bucket], bucket}));
}

bool BucketPool::MayGo(std::size_t bucket, std::size_t to) const {
  const std::optional<ProcessorId>& barred =
      snapshot_.buckets[bucket].no_return;
  return !barred || barred->index() != to;
}

}  // namespace lb::balance
