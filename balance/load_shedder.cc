#include "balance/load_shedder.h"

#include <algorithm>
#include <utility>

namespace lb::balance {
namespace {

using Entry = LoadTable::Entry;

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max() / 4;
// Moves from which on it is worth looking for a chain, which takes two; from
// which on a chain would save too little; and from which on all are placed
// before looking again.
constexpr std::size_t kWorthAChain = 3;
constexpr std::size_t kTooManyForAChain = 64;
constexpr std::size_t kMany = 16;
// Few enough to sort.
constexpr std::ptrdiff_t kFew = 16;

template <class T>
T MedianOfThree(T a, T b, T c) {
  if (b < a) std::swap(a, b);
  if (c < b) std::swap(b, c);
  return b < a ? a : b;
}

// Puts the fewest that carry `load` together, which are the heaviest, first;
// in time proportional to their number as a rule. They do carry it.
template <class Iterator>
Iterator FewestFirst(Iterator begin, Iterator end, std::int64_t load) {
  while (end - begin > kFew) {
    const auto pivot =
        MedianOfThree(*begin, *(begin + (end - begin) / 2), *(end - 1));
    std::int64_t sum = 0;
    const Iterator middle = std::partition(begin, end, [&](const auto& value) {
      const bool first = !(pivot < value);
      sum += first ? value.load : 0;
      return first;
    });
    if (sum >= load) {
      if (middle == end) break;  // all are equal
      end = middle;
    } else {
      load -= sum;
      begin = middle;
    }
  }
  std::sort(begin, end);
  while (load > 0 && begin != end) load -= (begin++)->load;
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
    if (table_.room(i) < least) {
      least = table_.room(i);
      furthest = i;
    }
  }
  return furthest;
}

bool LoadShedder::Shed(std::size_t from) {
  const Rooms rooms = RoomsBeside(from);
  Pick(from, -table_.room(from), rooms.most);
  const std::size_t moves = picked_.empty() ? kNever : picked_.size();
  if (moves == kNever || (moves >= kWorthAChain && moves < kTooManyForAChain)) {
    if (const std::optional<Chain> chain = FindChain(from, rooms, moves)) {
      table_.Move(*chain->entry, from, chain->to);
      return true;
    }
  }
  for (Entry* entry : picked_) {
    if (table_.steps().size() >= options_.most_moves) return false;
    // Rooms have shrunk since, or it may not go where there is room.
    const bool placed = Place(*entry, from);
    if (!placed && entry == picked_.front()) table_.SetAside(*entry);
    if (picked_.size() >= kMany) continue;
    if (!placed || options_.one_at_a_time) break;
  }
  return !picked_.empty();
}

LoadShedder::Rooms LoadShedder::RoomsBeside(std::size_t from) const {
  Rooms rooms{.widest = from};
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    if (i == from) continue;
    const std::int64_t room = table_.room(i);
    if (room > rooms.most) {
      rooms = {i, room, rooms.most};
    } else {
      rooms.next = std::max(rooms.next, room);
    }
  }
  return rooms;
}

void LoadShedder::Pick(std::size_t from, std::int64_t surplus,
                       std::int64_t room) {
  Entry* enough = nullptr;
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = 0;
  const std::span<Entry> entries = table_.entries(from);
  for (Entry& entry : entries) {
    if (entry.gone || entry.load > room) continue;
    sum += entry.load;
    if (entry.load >= surplus && entry.load < least) {
      least = entry.load;
      enough = &entry;
    }
  }
  picked_.clear();
  if (enough != nullptr) {
    picked_.push_back(enough);
  } else if (sum >= surplus) {
    PickSeveral(entries, surplus, room);
  }
}

void LoadShedder::PickSeveral(std::span<Entry> entries, std::int64_t surplus,
                              std::int64_t room) {
  candidates_.clear();
  candidates_.reserve(entries.size());
  for (Entry& entry : entries) {
    if (entry.gone || entry.load > room) continue;
    candidates_.push_back({entry.load, &entry});
  }
  const auto end = FewestFirst(candidates_.begin(), candidates_.end(), surplus);
  std::sort(candidates_.begin(), end);
  for (auto it = candidates_.begin(); it != end - 1; ++it) {
    surplus -= it->load;
    picked_.push_back(it->entry);
  }
  // The last is the lightest that will do.
  Candidate last = *(end - 1);
  for (auto it = end; it != candidates_.end(); ++it) {
    if (it->load >= surplus && last < *it) last = *it;
  }
  picked_.push_back(last.entry);
}

std::size_t LoadShedder::Count(std::size_t from, std::int64_t surplus,
                               std::int64_t room, const Entry* without,
                               std::size_t most) {
  if (surplus <= 0) return 0;
  if (most == 0 || (most < kNever && table_.MostOf(from, most) < surplus)) {
    return kNever;
  }
  const std::span<Entry> entries = table_.entries(from);
  loads_.resize(entries.size());
  std::ptrdiff_t count = 0;
  std::int64_t sum = 0;
  auto load = loads_.begin();
  for (const Entry& entry : entries) {
    const bool fits = !entry.gone && entry.load <= room && &entry != without;
    load[count].load = entry.load;
    count += fits ? 1 : 0;
    sum += fits ? entry.load : 0;
  }
  if (sum < surplus) return kNever;
  return static_cast<std::size_t>(FewestFirst(load, load + count, surplus) -
                                  load);
}

std::array<Entry*, LoadShedder::kHeads> LoadShedder::Heaviest(
    std::size_t from) {
  std::array<Entry*, kHeads> heaviest{};
  const auto heavier = [](const Entry& entry, const Entry* than) {
    return than == nullptr || entry.load > than->load;
  };
  for (Entry& entry : table_.entries(from)) {
    if (entry.gone || !heavier(entry, heaviest.back())) continue;
    std::size_t place = kHeads - 1;
    for (; place > 0 && heavier(entry, heaviest[place - 1]); --place) {
      heaviest[place] = heaviest[place - 1];
    }
    heaviest[place] = &entry;
  }
  return heaviest;
}

std::optional<LoadShedder::Chain> LoadShedder::FindChain(std::size_t from,
                                                         const Rooms& rooms,
                                                         std::size_t moves) {
  std::optional<Chain> best;
  for (Entry* head : Heaviest(from)) {
    if (head == nullptr) break;
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
  std::int64_t best_room = 0;
  for (std::size_t i = 0; i < table_.processors(); ++i) {
    const std::int64_t room = table_.room(i);
    if (room < entry.load || i == from) continue;
    const bool better =
        options_.where_most_room_is ? room > best_room : room < best_room;
    if ((best && !better) || !table_.MayGo(entry, i)) continue;
    best = i;
    best_room = room;
  }
  if (best) table_.Move(entry, from, *best);
  return best.has_value();
}

}  // namespace lb::balance
