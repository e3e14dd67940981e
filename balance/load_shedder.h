// How the load planner gets every processor of a LoadTable within its limit.
// Pure, integers only. Thread-compatible.
#ifndef LB_BALANCE_LOAD_SHEDDER_H_
#define LB_BALANCE_LOAD_SHEDDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "balance/load_table.h"

namespace lb::balance {

// The processor furthest above its limit gives, until none is above. It gives
// the fewest buckets that are enough: its heaviest that fit anywhere, and at
// last the lightest that does. Each goes where the least room is left.
//
// If that takes three moves or more, one heavy bucket may go to a processor
// that is thereby above its limit and gives in its turn: a swap, or a chain.
// That is done if it promises fewer moves on the whole, and it is what isolates
// a bucket that fits nowhere.
class LoadShedder {
 public:
  struct Options {
    std::size_t most_moves = std::numeric_limits<std::size_t>::max();
    // Look again after each move, unless there are many: slower, and often a
    // move better where room is scarce.
    bool one_at_a_time = false;
    bool where_most_room_is = false;  // instead of least
  };

  // `table` outlives the shedder.
  LoadShedder(LoadTable& table, const Options& options)
      : table_(table), options_(options) {}

  // From a restarted table: true if all are within their limits. Otherwise
  // the moves are of no use. Call once.
  bool Run();

 private:
  using Entry = LoadTable::Entry;

  // Heaviest buckets of a processor that may begin a chain.
  static constexpr std::size_t kHeads = 3;

  struct Load {  // for counting
    std::int64_t load;
    friend bool operator<(Load a, Load b) { return a.load > b.load; }
  };
  struct Candidate {
    std::int64_t load;
    Entry* entry;
    // Heaviest first; entries are in bucket order.
    friend bool operator<(const Candidate& a, const Candidate& b) {
      return a.load != b.load ? a.load > b.load : a.entry < b.entry;
    }
  };
  struct Chain {
    Entry* entry;
    std::size_t to;
  };
  // The most room a processor other than the donor has, and the next most.
  struct Rooms {
    std::size_t widest = 0;
    std::int64_t most = 0;
    std::int64_t next = 0;
  };

  std::optional<std::size_t> FurthestAbove() const;
  bool Shed(std::size_t from);
  Rooms RoomsBeside(std::size_t from) const;
  // Puts into picked_ the fewest buckets of at most `room` that carry
  // `surplus`, heaviest first; none: no such buckets do.
  void Pick(std::size_t from, std::int64_t surplus, std::int64_t room);
  void PickSeveral(std::span<Entry> entries, std::int64_t surplus,
                   std::int64_t room);
  // How many Pick() would put there, `without` left aside; kNever: none do, or
  // more than `most`.
  std::size_t Count(std::size_t from, std::int64_t surplus, std::int64_t room,
                    const Entry* without, std::size_t most);
  std::optional<Chain> FindChain(std::size_t from, const Rooms& rooms,
                                 std::size_t moves);
  std::array<Entry*, kHeads> Heaviest(std::size_t from);
  bool Place(Entry& entry, std::size_t from);

  LoadTable& table_;
  const Options options_;
  std::vector<Entry*> picked_;
  std::vector<Candidate> candidates_;
  std::vector<Load> loads_;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_SHEDDER_H_
