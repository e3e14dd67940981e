// The `index` planner: brings every processor towards the quota its imbalance
// index gives it. Pure and stateless; any thread.
#ifndef LB_BALANCE_INDEX_PLANNER_H_
#define LB_BALANCE_INDEX_PLANNER_H_

#include <cstdint>

#include "balance/planner.h"

namespace lb::balance {

// How it plans (claims C5, C7, C11):
//   1. Processors out of service are emptied, whatever the budget and whether
//      or not buckets rest; only pinned ones stay. Heaviest bucket first, to
//      where the utilization will be lowest.
//   2. A processor in service without buckets gets one.
//   3. In rounds, indexes and quotas are computed for the table as planned so
//      far. A processor above the load its quota is worth gives, one below it
//      takes. The one at the highest utilization gives first, because it alone
//      makes the imbalance; it gives the bucket whose load is nearest the mean
//      of its loaded buckets, at most what it has to give and the taker has
//      room for. Each round gives `damping` of what is above the quota.
//   4. Where quotas leave no bucket that fits: any that leaves the taker below
//      where the giver was.
//   5. Where none is left: one that is as heavy as the giver's surplus goes to
//      the taker all the same, which then gives in its turn.
// A bucket moves at most once, never one heavier than the taker's U x C, and
// never one that carries nothing, save in 1 and 2. It ends when the target is
// met, the budget is used up or nothing helps, and returns the moves up to the
// last that lowered the imbalance: none, if there is no better table. With the
// budget K it returns the first moves of the plan without one.
class IndexPlanner final : public Planner {
 public:
  PlannerKind kind() const override { return PlannerKind::kIndex; }
  std::uint32_t algorithm_version() const override { return 1; }
  absl::StatusOr<Proposal> Propose(const Snapshot& snapshot,
                                   const PlanRequest& request) const override;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_INDEX_PLANNER_H_
