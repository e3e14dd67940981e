#include "balance/load_shedder.h"

#include <algorithm>
#include <span>
#include <utility>

namespace lb::balance {
namespace {

using Entry = LoadTable::Entry;

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max() / 4;
// Moves from which on it is worth looking for a chain; a chain takes two.
constexpr std::size_t kWorthAChain = 3;
// Heaviest buckets of a processor that may begin a chain, and moves from which
// on only the very heaviest may.
constexpr std::size_t kHeads = 3;
constexpr std::size_t kMany = 16;
// Few enough to sort.
constexpr std::ptrdiff_t kFew = 16;

bool Heavier(const Entry* a, const Entry* b) {
  return a->load != b->load ? a->load > b->load : a->bucket < b->bucket;
}
bool Heavier(std::int64_t a, std::int64_t b) { return a > b; }

std::int64_t LoadOf(const Entry* entry) { return entry->load; }
std::int64_t LoadOf(std::int64_t load) { return load; }

template <class T>
T MedianOfThree(T a, T b, T c) {
  if (Heavier(b, a)) std::swap(a, b);
  if (Heavier(c, b)) std::swap(b, c);
  return Heavier(b, a) ? a : b;
}

// Puts the fewest values that carry `load` together, the heaviest, first; in
// time proportional to their number as a rule. They do carry it.
template <class Iterator>
Iterator FewestFirst(Iterator begin, Iterator end, std::int64_t load) {
  const auto heavier = [](auto a, auto b) { return Heavier(a, b); };
  while (end - begin > kFew) {
    const auto pivot =
        MedianOfThree(*begin, *(begin + (end - begin) / 2), *(end - 1));
    std::int64_t sum = 0;
    const Iterator middle = std::partition(begin, end, [&](auto value) {
      const bool first = !Heavier(pivot, value);
      sum += first ? LoadOf(value) : 0;
      return first;
    });
    if (sum >= load) {
      if (middle == end) break;  // all equal, or the pivot is the lightest
      end = middle;
    } else {
      load -= sum;
      begin = middle;
    }
  }
  std::sort(begin, end, heavier);
  while (load > 0 && begin != end) load -= LoadOf(*begin++);
  return begin;
}

}  // namespace

bool LoadShedder::Run() {
  while (const std::optional<std::size_t> from = FurthestAbove()) {
    if (table_.steps().size() >= options_.most_moves || !Shed(*from)) {
      return false;
    }
  }
  return true;
}

std::optional<std::size_t> LoadShedder::FurthestAbove() const {
  std::optional<std::size_t> furthest;
  std::int64_t least = 0;
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    if (table_.in_service(i) && table_.room(i) < least) {
      least = table_.room(i);
      furthest = i;
    }
  }
  return furthest;
}

bool LoadShedder::Shed(std::size_t from) {
  const Rooms rooms = RoomsBeside(from);
  const std::vector<Entry*> picked = Pick(from, -table_.room(from), rooms.most);
  const std::size_t moves = picked.empty() ? kNever : picked.size();
  if (moves >= kWorthAChain) {
    if (const std::optional<Chain> chain = FindChain(from, rooms, moves)) {
      table_.Move(*chain->entry, from, chain->to);
      return true;
    }
  }
  for (Entry* entry : picked) {
    if (table_.steps().size() >= options_.most_moves) return false;
    if (Place(*entry, from)) continue;
    // Rooms have shrunk since, or it may not go where there is room.
    if (entry == picked.front()) table_.SetAside(*entry);
    if (picked.size() < kMany) break;
  }
  return !picked.empty();
}

LoadShedder::Rooms LoadShedder::RoomsBeside(std::size_t from) const {
  Rooms rooms{.widest = from};
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    if (i == from || !table_.in_service(i)) continue;
    const std::int64_t room = table_.room(i);
    if (room > rooms.most) {
      rooms = {i, room, rooms.most};
    } else {
      rooms.next = std::max(rooms.next, room);
    }
  }
  return rooms;
}

std::vector<Entry*> LoadShedder::Pick(std::size_t from, std::int64_t surplus,
                                      std::int64_t room) {
  Entry* enough = nullptr;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  const std::span<Entry> entries = table_.entries(from);
  for (Entry& entry : entries) {
    const bool fits = !entry.gone && entry.load <= room;
    sum += fits ? entry.load : 0;
    if (fits && entry.load >= surplus && entry.load < least) {
      least = entry.load;
      enough = &entry;
    }
  }
  if (enough != nullptr) return {enough};
  if (sum < surplus) return {};
  candidates_.clear();
  for (Entry& entry : entries) {
    if (!entry.gone && entry.load <= room) candidates_.push_back(&entry);
  }
  const auto end = FewestFirst(candidates_.begin(), candidates_.end(), surplus);
  std::sort(candidates_.begin(), end,
            [](auto a, auto b) { return Heavier(a, b); });
  std::vector<Entry*> picked(candidates_.begin(), end - 1);
  for (const Entry* entry : picked) surplus -= entry->load;
  Entry* last = *(end - 1);
  for (auto it = end; it != candidates_.end(); ++it) {
    if ((*it)->load >= surplus && Heavier(last, *it)) last = *it;
  }
  picked.push_back(last);
  return picked;
}

std::size_t LoadShedder::Count(std::size_t from, std::int64_t surplus,
                               std::int64_t room, const Entry* without,
                               std::size_t most) {
  if (surplus <= 0) return 0;
  if (most == 0 || (most != kNever && table_.MostOf(from, most) < surplus)) {
    return kNever;
  }
  const std::span<Entry> entries = table_.entries(from);
  loads_.resize(entries.size());
  std::size_t count = 0;
  std::int64_t sum = 0;
  for (const Entry& entry : entries) {
    const bool fits = !entry.gone && entry.load <= room && &entry != without;
    loads_[count] = entry.load;
    count += fits ? 1 : 0;
    sum += fits ? entry.load : 0;
  }
  if (sum < surplus) return kNever;
  const auto begin = loads_.begin();
  return static_cast<std::size_t>(
      FewestFirst(begin, begin + static_cast<std::ptrdiff_t>(count), surplus) -
      begin);
}

std::vector<Entry*> LoadShedder::Heaviest(std::size_t from, std::size_t count) {
  std::vector<Entry*> heaviest;
  for (Entry& entry : table_.entries(from)) {
    if (entry.gone) continue;
    if (heaviest.size() == count) {
      if (!Heavier(&entry, heaviest.back())) continue;
      heaviest.pop_back();
    }
    auto place = heaviest.end();
    while (place != heaviest.begin() && Heavier(&entry, *(place - 1))) --place;
    heaviest.insert(place, &entry);
  }
  return heaviest;
}

std::optional<LoadShedder::Chain> LoadShedder::FindChain(std::size_t from,
                                                         const Rooms& rooms,
                                                         std::size_t moves) {
  std::optional<Chain> best;
  for (Entry* head : Heaviest(from, moves < kMany ? kHeads : 1)) {
    const std::int64_t left = -table_.room(from) - head->load;
    const std::size_t own = 1 + Count(from, left, rooms.most, head, kNever);
    if (own >= moves) continue;
    for (std::size_t to = 0; to < table_.processors(); ++to) {
      if (to == from || !table_.MayGo(*head, to)) continue;
      const std::int64_t room =
          std::max(-left, to == rooms.widest ? rooms.next : rooms.most);
      const std::size_t all = own + Count(to, head->load - table_.room(to),
                                          room, nullptr, moves - own - 1);
      if (all >= moves) continue;
      moves = all;
      best = Chain{head, to};
      if (own + 1 >= moves) break;
    }
  }
  return best;
}

bool LoadShedder::Place(Entry& entry, std::size_t from) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    if (i == from || table_.room(i) < entry.load || !table_.MayGo(entry, i)) {
      continue;
    }
    if (!best ||
        (options_.where_most_room_is ? table_.room(i) > table_.room(*best)
                                     : table_.room(i) < table_.room(*best))) {
      best = i;
    }
  }
  if (best) table_.Move(entry, from, *best);
  return best.has_value();
}

}  // namespace lb::balance
