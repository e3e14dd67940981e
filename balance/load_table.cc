#include "balance/load_table.h"

#include <algorithm>

namespace lb::balance {
namespace {

constexpr std::uint64_t kPpb = 1'000'000'000;

Uint128 DivideUp(Uint128 value, Uint128 by) { return (value + by - 1) / by; }

}  // namespace

LoadTable::LoadTable(const Snapshot& snapshot, const DraftTable& draft)
    : snapshot_(snapshot),
      draft_(draft),
      limit_(draft.processors(), 0),
      first_(draft.processors() + 1, 0),
      heaviest_(draft.processors(), 0),
      busy_(draft.busy()),
      capacity_(draft.capacity()) {
  unit_ = Uint128{capacity_} * kPpb;
  start_.reserve(draft.processors());
  for (const ProcessorUsage& p : draft.usage()) {
    start_.push_back(static_cast<std::int64_t>(p.busy_ns_per_s));
    if (p.in_service) largest_ = std::max(largest_, p.capacity_permille);
  }
  carried_ = start_;
  List();
}

// In two passes, so that there is one block of memory.
void LoadTable::List() {
  const auto gives = [this](std::size_t b) {
    const BucketState& bucket = snapshot_.buckets[b];
    return !bucket.pinned && !bucket.resting && draft_.load(b) > 0 &&
           in_service(bucket.owner.index());
  };
  for (std::size_t b = 0; b < snapshot_.buckets.size(); ++b) {
    if (gives(b)) ++first_[snapshot_.buckets[b].owner.index() + 1];
  }
  for (std::size_t i = 0; i < processors(); ++i) first_[i + 1] += first_[i];
  entries_.resize(first_.back());
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for (std::size_t b = 0; b < snapshot_.buckets.size(); ++b) {
    if (!gives(b)) continue;
    const std::size_t owner = snapshot_.buckets[b].owner.index();
    const auto load = static_cast<std::int64_t>(draft_.load(b));
    entries_[next[owner]++] = {load, static_cast<std::uint32_t>(b), false};
    heaviest_[owner] = std::max(heaviest_[owner], load);
  }
}

// Widest product: 10^15 x 10^18 here, 10^15 x 10^6 x 10^6 x 10^6 below, and
// times 10^3 in Restart().
Level LoadTable::OfMean(std::uint64_t ppb) const {
  return Uint128{ppb} * busy_;
}

Level LoadTable::OfHeaviest(std::uint64_t permille) const {
  return DivideUp(
      Uint128{draft_.heaviest_load()} * permille * capacity_ * (kPpb / 1'000),
      largest_);
}

Level LoadTable::LevelOf(std::size_t i, std::int64_t carried) const {
  if (!in_service(i) || carried <= 0) return 0;
  return DivideUp(static_cast<Uint128>(carried) * unit_,
                  draft_.usage(i).capacity_permille);
}

Level LoadTable::Highest() const {
  Level highest = 0;
  for (std::size_t i = 0; i < processors(); ++i) {
    highest = std::max(highest, LevelOf(i, carried_[i]));
  }
  return highest;
}

void LoadTable::Restart(Level level) {
  for (Entry* entry : gone_) entry->gone = false;
  gone_.clear();
  steps_.clear();
  carried_ = start_;
  for (std::size_t i = 0; i < processors(); ++i) {
    limit_[i] = static_cast<std::int64_t>(
        std::min(level * draft_.usage(i).capacity_permille / unit_,
                 Uint128{4 * kPpb * kPpb}));
  }
}

bool LoadTable::MayGo(const Entry& entry, std::size_t to) const {
  const std::optional<ProcessorId>& barred =
      snapshot_.buckets[entry.bucket].no_return;
  return in_service(to) && (!barred || barred->index() != to);
}

void LoadTable::Move(Entry& entry, std::size_t from, std::size_t to) {
  carried_[from] -= entry.load;
  carried_[to] += entry.load;
  steps_.push_back({entry.bucket, from, to, entry.load});
  SetAside(entry);
}

void LoadTable::SetAside(Entry& entry) {
  entry.gone = true;
  gone_.push_back(&entry);
}

}  // namespace lb::balance
