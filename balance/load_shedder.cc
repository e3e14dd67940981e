#include "balance/load_shedder.h"

#include <algorithm>

namespace lb::balance {
namespace {

using Entry = LoadTable::Entry;

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max() / 4;
// Moves from which on it is worth looking for a chain; a chain takes two.
constexpr std::size_t kWorthAChain = 3;
// Heaviest buckets of a processor that may begin a chain.
constexpr std::size_t kHeads = 3;
// Few enough to sort.
constexpr std::ptrdiff_t kFew = 16;

bool Heavier(const Entry* a, const Entry* b) {
  return a->load != b->load ? a->load > b->load : a->bucket < b->bucket;
}

using Iterator = std::vector<Entry*>::iterator;

const Entry* MedianOfThree(Iterator begin, Iterator end) {
  const Entry* a = *begin;
  const Entry* b = *(begin + (end - begin) / 2);
  const Entry* c = *(end - 1);
  if (Heavier(b, a)) std::swap(a, b);
  if (Heavier(c, b)) std::swap(b, c);
  return Heavier(b, a) ? a : b;
}

// Puts the fewest entries that carry `load` together, the heaviest, first; in
// time proportional to their number as a rule. They do carry it.
Iterator FewestFirst(Iterator begin, Iterator end, std::int64_t load) {
  while (end - begin > kFew) {
    const Entry* pivot = MedianOfThree(begin, end);
    const Iterator middle = std::partition(
        begin, end, [pivot](const Entry* e) { return !Heavier(pivot, e); });
    std::int64_t sum = 0;
    for (Iterator it = begin; it != middle; ++it) sum += (*it)->load;
    if (sum >= load) {
      end = middle;
    } else {
      load -= sum;
      begin = middle;
    }
  }
  std::sort(begin, end, Heavier);
  while (load > 0 && begin != end) load -= (*begin++)->load;
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
    // Rooms have shrunk, or it may not go where there is room.
    if (entry == picked.front()) table_.SetAside(*entry);
    break;
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
  std::int64_t sum = 0;
  candidates_.clear();
  for (Entry& entry : table_.entries(from)) {
    if (entry.gone || entry.load > room) continue;
    sum += entry.load;
    candidates_.push_back(&entry);
    if (entry.load >= surplus && (!enough || entry.load < enough->load)) {
      enough = &entry;
    }
  }
  if (enough != nullptr) return {enough};
  if (sum < surplus) return {};
  const Iterator end =
      FewestFirst(candidates_.begin(), candidates_.end(), surplus);
  std::sort(candidates_.begin(), end, Heavier);
  std::vector<Entry*> picked(candidates_.begin(), end - 1);
  for (const Entry* entry : picked) surplus -= entry->load;
  Entry* last = *(end - 1);
  for (Iterator it = end; it != candidates_.end(); ++it) {
    if ((*it)->load >= surplus && Heavier(last, *it)) last = *it;
  }
  picked.push_back(last);
  return picked;
}

std::size_t LoadShedder::Count(std::size_t from, std::int64_t surplus,
                               std::int64_t room, const Entry* without,
                               std::size_t most) {
  if (surplus <= 0) return 0;
  if (most < kNever && table_.heaviest_entry(from) <
                           surplus / static_cast<std::int64_t>(most + 1)) {
    return kNever;
  }
  std::int64_t sum = 0;
  candidates_.clear();
  for (Entry& entry : table_.entries(from)) {
    if (entry.gone || entry.load > room || &entry == without) continue;
    sum += entry.load;
    candidates_.push_back(&entry);
  }
  if (sum < surplus) return kNever;
  return static_cast<std::size_t>(
      FewestFirst(candidates_.begin(), candidates_.end(), surplus) -
      candidates_.begin());
}

std::vector<Entry*> LoadShedder::Heaviest(std::size_t from, std::size_t count) {
  std::vector<Entry*> heaviest;
  for (Entry& entry : table_.entries(from)) {
    if (entry.gone) continue;
    if (heaviest.size() == count && !Heavier(&entry, heaviest.back())) continue;
    if (heaviest.size() == count) heaviest.pop_back();
    heaviest.insert(
        std::upper_bound(heaviest.begin(), heaviest.end(), &entry, Heavier),
        &entry);
  }
  return heaviest;
}

std::optional<LoadShedder::Chain> LoadShedder::FindChain(std::size_t from,
                                                         const Rooms& rooms,
                                                         std::size_t moves) {
  std::optional<Chain> best;
  for (Entry* head : Heaviest(from, kHeads)) {
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
