// One run of the rsspp planner. Integers only. Thread-compatible.
#ifndef LB_BALANCE_RSSPP_PLAN_H_
#define LB_BALANCE_RSSPP_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "balance/draft_table.h"
#include "balance/snapshot.h"
#include "common/int128.h"

namespace lb::balance {

struct RssppMove {
  std::uint64_t load;
  std::size_t bucket;
  std::size_t to;
};

// Processors are over or under the mean (U x C) by more than 2% of a CPU, or
// left alone. A run takes the one with the largest surplus, and of it the
// heaviest bucket; the neediest processor whose need, plus a slack, exceeds
// that bucket's load gets it, and if there is none it stays. A processor is
// done within 1% of a CPU of the mean. The first run allows no slack. If the
// squares of what is left over sum up to more than 0.01 CPU^2, up to nine more
// runs bisect the slack, between none and one that makes things worse. The
// run with the least sum of squares is the plan.
class RssppPlan {
 public:
  // `draft` is `snapshot` once processors out of service are emptied; a bucket
  // that has moved does not move again. Both outlive the plan.
  RssppPlan(const Snapshot& snapshot, const DraftTable& draft);

  // The heaviest first. Call once.
  std::vector<RssppMove> Run();

 private:
  struct Entry {  // a bucket, or what a processor has too much or too little
    std::int64_t load;
    std::size_t number;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  struct Slack {
    std::int64_t over;
    std::int64_t under;
  };
  struct Outcome {
    Slack slack{};
    Int128 squares = 0;           // of what is left, over and under the mean
    std::int64_t left_over = 0;   // absolute, of those that were over it
    std::int64_t left_under = 0;  // of those that were under it
    std::vector<RssppMove> moves;
  };

  void Sort(std::size_t processor, std::int64_t mean);
  void CollectBuckets();
  Outcome Try(Slack slack) const;
  void Settle(Outcome& outcome, std::int64_t over, std::int64_t under) const;
  bool GiveAway(const Entry& bucket, std::int64_t slack,
                std::vector<Entry>& under, Outcome& outcome) const;
  Outcome Bisect(Outcome first) const;

  const Snapshot& snapshot_;
  const DraftTable& draft_;
  std::vector<Entry> over_;   // surplus, by no order; numbers are processors
  std::vector<Entry> under_;  // need
  std::vector<std::vector<Entry>> buckets_;  // of over_, heaps; by processor
};

}  // namespace lb::balance

#endif  // LB_BALANCE_RSSPP_PLAN_H_
