// The load planner's working table: what processors carry and may carry, and
// the buckets they may give. Pure, integers only. Thread-compatible.
#ifndef LB_BALANCE_LOAD_TABLE_H_
#define LB_BALANCE_LOAD_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "balance/draft_table.h"
#include "balance/snapshot.h"
#include "common/int128.h"

namespace lb::balance {

// A utilization that no processor is to exceed, in units that only LoadTable
// knows. To be compared and halved.
using Level = Uint128;

struct LoadStep {
  std::size_t bucket;
  std::size_t from;
  std::size_t to;
  std::int64_t load;
  bool makes_room;  // `to` is above its limit then, and gives in its turn
};

class LoadTable {
 public:
  struct Entry {  // a bucket that its processor may give
    std::int64_t load;
    std::uint32_t bucket;
    bool gone;  // moved, or of no use
  };

  // `draft` is `snapshot` once processors out of service are emptied; buckets
  // that have left those, pinned and resting ones and such without load do not
  // move. Both outlive the table and stay as they are while it is used.
  LoadTable(const Snapshot& snapshot, const DraftTable& draft);

  std::size_t processors() const { return slots_.size(); }
  bool in_service(std::size_t i) const { return slots_[i].in_service; }

  // Levels: of a multiple of the mean in 10^-9, of the heaviest bucket alone
  // on the largest processor times a multiple in thousandths, of processor i
  // if it carried that much (0 if it is out of service), of the processor that
  // carries most for its capacity now (0 if none is in service).
  Level OfMean(std::uint64_t ppb) const;
  Level OfHeaviest(std::uint64_t permille) const;
  Level LevelOf(std::size_t i, std::int64_t carried) const;
  Level Highest() const;

  // Starts afresh, without any step, and with this level as the limit. Those
  // above it but not above `tolerated` have no room and nothing to give.
  void Restart(Level level, Level tolerated);

  std::int64_t carried(std::size_t i) const { return slots_[i].carried; }
  // Below zero: that much too much. Of a processor out of service: zero.
  std::int64_t room(std::size_t i) const { return slots_[i].room; }
  // Those that carry something, whether or not they may move.
  std::uint32_t loaded(std::size_t i) const { return draft_.loaded(i); }
  std::span<Entry> entries(std::size_t i) {
    if (!slots_[i].listed) List(i);
    return slots_[i].entries;
  }
  // The most that `count` of the processor's buckets carry, or more.
  std::int64_t MostOf(std::size_t i, std::size_t count);
  bool MayGo(const Entry& entry, std::size_t to) const;
  std::uint32_t connections(std::size_t bucket) const {
    return snapshot_.buckets[bucket].connections;
  }

  void Move(Entry& entry, std::size_t from, std::size_t to);
  void SetAside(Entry& entry);
  // A step of before Restart().
  void Repeat(const LoadStep& step);
  // Lets another bucket of the same processor go in the place of that of step
  // `n`: of those that carry no more, the one with the fewest connections, if
  // any has fewer and the processor that gives, which is within its limit,
  // stays so.
  void SpareConnections(std::size_t n);
  const std::vector<LoadStep>& steps() const { return steps_; }

 private:
  static constexpr std::size_t kTop = 4;

  struct Slot {
    std::int64_t carried;  // ns per second
    std::int64_t room;
    std::int64_t start;  // carried without any step
    std::uint32_t capacity_permille;
    bool in_service;
    bool listed = false;
    bool ranked = false;
    std::span<Entry> entries{};                 // once listed
    std::array<std::int64_t, kTop> heaviest{};  // loads of them, once ranked
  };

  std::int64_t Limit(Level level, std::uint32_t capacity_permille) const;
  // Of the step's bucket, on the processor that gave it.
  Entry& EntryOf(const LoadStep& step);
  void List(std::size_t wanted);
  void FindHeaviest(Slot& slot);

  const Snapshot& snapshot_;
  const DraftTable& draft_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Entry[]>> blocks_;  // that entries are in
  std::vector<Entry*> gone_;
  std::vector<LoadStep> steps_;
  Uint128 unit_ = 1;  // of levels, a permille of capacity
  std::uint64_t busy_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint32_t largest_ = 0;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_TABLE_H_
