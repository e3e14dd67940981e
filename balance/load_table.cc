#include "balance/load_table.h"

#include <algorithm>

namespace lb::balance {
namespace {

// As many as most plans have.
constexpr std::size_t kUsualMoves = 32;

Uint128 DivideUp(Uint128 value, Uint128 by) { return (value + by - 1) / by; }

}  // namespace

LoadTable::LoadTable(const Snapshot& snapshot, const DraftTable& draft)
    : snapshot_(snapshot),
      draft_(draft),
      busy_(draft.busy()),
      capacity_(draft.capacity()) {
  unit_ = Uint128{capacity_} * kPpb;
  gone_.reserve(kUsualMoves);
  steps_.reserve(kUsualMoves);
  slots_.reserve(draft.processors());
  for (const ProcessorUsage& p : draft.usage()) {
    const auto carried = static_cast<std::int64_t>(p.busy_ns_per_s);
    slots_.push_back({.carried = carried,
                      .room = 0,
                      .start = carried,
                      .capacity_permille = p.capacity_permille,
                      .in_service = p.in_service});
    if (p.in_service) largest_ = std::max(largest_, p.capacity_permille);
  }
}

// Those that give, `wanted` among them, are few as a rule. All the rest are
// listed as soon as one of the others is asked for.
void LoadTable::List(std::size_t wanted) {
  const bool givers_only = slots_[wanted].room < 0;
  std::vector<Entry*> next(slots_.size(), nullptr);
  const auto now = [&](const Slot& slot) {
    return slot.in_service && !slot.listed && (!givers_only || slot.room < 0);
  };
  std::size_t size = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (now(slots_[i])) size += draft_.loaded(i);
  }
  blocks_.push_back(std::make_unique_for_overwrite<Entry[]>(size));
  Entry* place = blocks_.back().get();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!now(slots_[i])) continue;
    next[i] = place;
    slots_[i].entries = std::span(place, draft_.loaded(i));
    place += draft_.loaded(i);
  }
  std::uint32_t b = 0;
  for (const BucketState& bucket : snapshot_.buckets) {
    Entry*& entry = next[bucket.owner.index()];
    if (entry != nullptr && !bucket.pinned && !bucket.resting) {
      const auto load = static_cast<std::int64_t>(draft_.load(b));
      if (load > 0) *entry++ = {load, b, false};
    }
    ++b;
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (next[i] == nullptr) continue;
    slot.listed = true;
    slot.entries = std::span(slot.entries.data(), next[i]);
  }
}

void LoadTable::FindHeaviest(Slot& slot) {
  slot.ranked = true;
  for (const Entry& entry : slot.entries) {
    if (entry.load <= slot.heaviest.back()) continue;
    std::size_t place = kTop - 1;
    for (; place > 0 && slot.heaviest[place - 1] < entry.load; --place) {
      slot.heaviest[place] = slot.heaviest[place - 1];
    }
    slot.heaviest[place] = entry.load;
  }
}

std::int64_t LoadTable::MostOf(std::size_t i, std::size_t count) {
  if (!slots_[i].listed) List(i);
  Slot& slot = slots_[i];
  if (!slot.ranked) FindHeaviest(slot);
  count = std::min(count, slot.entries.size());
  std::int64_t most = 0;
  for (std::size_t n = 0; n < std::min(count, kTop); ++n) {
    most += slot.heaviest[n];
  }
  if (count <= kTop) return most;
  const Uint128 rest =
      Uint128{count - kTop} * static_cast<std::uint64_t>(slot.heaviest.back());
  // No processor carries more than all of them may.
  return most +
         static_cast<std::int64_t>(std::min(rest, Uint128{kMaxTotalLoad}));
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
                  slots_[i].capacity_permille);
}

Level LoadTable::Highest() const {
  const Slot* highest = nullptr;
  for (const Slot& slot : slots_) {
    if (!slot.in_service) continue;
    if (highest == nullptr ||
        Int128{highest->carried} * slot.capacity_permille <
            Int128{slot.carried} * highest->capacity_permille) {
      highest = &slot;
    }
  }
  if (highest == nullptr) return 0;
  return LevelOf(static_cast<std::size_t>(highest - slots_.data()),
                 highest->carried);
}

std::int64_t LoadTable::Limit(Level level,
                              std::uint32_t capacity_permille) const {
  return static_cast<std::int64_t>(
      std::min(level * capacity_permille / unit_, Uint128{4} * kPpb * kPpb));
}

void LoadTable::Restart(Level level, Level tolerated) {
  for (Entry* entry : gone_) entry->gone = false;
  gone_.clear();
  steps_.clear();
  std::uint32_t capacity = 0;
  std::int64_t limit = 0;
  std::int64_t enough = 0;
  for (Slot& slot : slots_) {
    slot.carried = slot.start;
    if (!slot.in_service) continue;
    if (slot.capacity_permille != capacity) {
      capacity = slot.capacity_permille;
      limit = Limit(level, capacity);
      enough = Limit(tolerated, capacity);
    }
    slot.room = limit - slot.carried;
    if (slot.room < 0 && slot.carried <= enough) slot.room = 0;
  }
}

bool LoadTable::MayGo(const Entry& entry, std::size_t to) const {
  const std::optional<ProcessorId>& barred =
      snapshot_.buckets[entry.bucket].no_return;
  return in_service(to) && (!barred || barred->index() != to);
}

void LoadTable::Move(Entry& entry, std::size_t from, std::size_t to) {
  slots_[from].carried -= entry.load;
  slots_[from].room += entry.load;
  slots_[to].carried += entry.load;
  slots_[to].room -= entry.load;
  steps_.push_back({entry.bucket, from, to, entry.load, slots_[to].room < 0});
  SetAside(entry);
}

void LoadTable::Repeat(const LoadStep& step) {
  Move(EntryOf(step), step.from, step.to);
}

LoadTable::Entry& LoadTable::EntryOf(const LoadStep& step) {
  // In bucket order.
  const std::span<Entry> from = entries(step.from);
  return *std::lower_bound(
      from.begin(), from.end(), step.bucket,
      [](const Entry& one, std::size_t bucket) { return one.bucket < bucket; });
}

void LoadTable::SpareConnections(std::size_t n) {
  LoadStep& step = steps_[n];
  Slot& from = slots_[step.from];
  Slot& to = slots_[step.to];
  std::uint32_t fewest = connections(step.bucket);
  Entry* instead = nullptr;
  for (Entry& entry : from.entries) {
    if (entry.gone || entry.load > step.load ||
        step.load - entry.load > from.room ||
        connections(entry.bucket) >= fewest || !MayGo(entry, step.to)) {
      continue;
    }
    instead = &entry;
    fewest = connections(entry.bucket);
  }
  if (instead == nullptr) return;
  EntryOf(step).gone = false;
  const std::int64_t less = step.load - instead->load;
  from.carried += less;
  from.room -= less;
  to.carried -= less;
  to.room += less;
  step.bucket = instead->bucket;
  step.load = instead->load;
  SetAside(*instead);
}

void LoadTable::SetAside(Entry& entry) {
  entry.gone = true;
  gone_.push_back(&entry);
}

}  // namespace lb::balance
