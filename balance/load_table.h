// The load planner's working table: what processors carry and may carry, and
// the buckets they may give. Pure, integers only. Thread-compatible.
#ifndef LB_BALANCE_LOAD_TABLE_H_
#define LB_BALANCE_LOAD_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "balance/draft_table.h"
#include "balance/snapshot.h"
#include "common/int128.h"

namespace lb::balance {

// A utilization that no processor is to exceed, as a fraction of LoadTable's
// unit(). Only ever compared and halved.
using Level = Uint128;

struct LoadStep {
  std::size_t bucket;
  std::size_t from;
  std::size_t to;
  std::int64_t load;
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
  // move. Both outlive the table.
  LoadTable(const Snapshot& snapshot, const DraftTable& draft);

  std::size_t processors() const { return carried_.size(); }
  bool in_service(std::size_t i) const { return draft_.usage(i).in_service; }

  // Levels: of a multiple of the mean in 10^-9, of the heaviest bucket alone
  // on the largest processor times a multiple in thousandths, of the processor
  // that carries most for its capacity now.
  Level OfMean(std::uint64_t ppb) const;
  Level OfHeaviest(std::uint64_t permille) const;
  Level Highest() const;
  // Of processor i if it carried that much; 0 if it is out of service.
  Level LevelOf(std::size_t i, std::int64_t carried) const;

  // Starts afresh, without any step, and with this level as the limit.
  void Restart(Level level);

  std::int64_t carried(std::size_t i) const { return carried_[i]; }
  // Below zero: that much too much. For processors in service.
  std::int64_t room(std::size_t i) const { return limit_[i] - carried_[i]; }
  std::span<Entry> entries(std::size_t i) {
    return std::span(entries_).subspan(first_[i], first_[i + 1] - first_[i]);
  }
  std::int64_t heaviest_entry(std::size_t i) const { return heaviest_[i]; }
  bool MayGo(const Entry& entry, std::size_t to) const;

  void Move(Entry& entry, std::size_t from, std::size_t to);
  void SetAside(Entry& entry);
  const std::vector<LoadStep>& steps() const { return steps_; }

 private:
  void List();

  const Snapshot& snapshot_;
  const DraftTable& draft_;
  std::vector<std::int64_t> start_;    // carried without any step
  std::vector<std::int64_t> carried_;  // ns per second
  std::vector<std::int64_t> limit_;
  std::vector<Entry> entries_;  // by processor, then bucket
  std::vector<std::size_t> first_;
  std::vector<std::int64_t> heaviest_;
  std::vector<Entry*> gone_;
  std::vector<LoadStep> steps_;
  Uint128 unit_ = 1;  // of levels, a permille of capacity
  std::uint64_t busy_ = 0;
  std::uint64_t capacity_ = 0;
  std::uint32_t largest_ = 0;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_TABLE_H_
