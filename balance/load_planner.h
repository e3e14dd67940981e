// The `load` planner, the default: the lowest maximum utilization within the
// tolerance, with the fewest moves, and then with the fewest connections moved.
// Pure and stateless; any thread.
#ifndef LB_BALANCE_LOAD_PLANNER_H_
#define LB_BALANCE_LOAD_PLANNER_H_

#include <cstdint>

#include "balance/planner.h"

namespace lb::balance {

// How it plans:
//   1. Processors out of service are emptied, whatever the budget and whether
//      or not buckets rest; only pinned ones stay. Heaviest bucket first, to
//      where the utilization will be lowest.
//   2. The target is a level: the utilization that no processor is to exceed.
//      Those above it give buckets to those below, with as few moves as it
//      takes: single ones, swaps and chains (load_shedder.h). Those above it
//      that can be tolerated neither give nor take.
//   3. If the level cannot be reached, or not within the budget, the lowest
//      that can is sought by bisection.
//   4. Where another bucket of the same processor would do as well for a move,
//      carries no more and has fewer connections, it goes instead.
//   5. A processor in service that is still without buckets gets one.
// A host so small that all its tables can be looked at gets the very best
// (exact_search.h), and nothing for 5. A host whose loads are unknown and idle
// is planned as the index planner would.
//
// A bucket moves at most once, and one that carries nothing not at all, save
// in 1 and 5. The highest utilization never rises, save by 1. A bucket heavier
// than the target allows has a processor for itself if that lowers the
// maximum, and the rest stays as it is. Time is that of a few passes over the
// buckets, and processors times moves.
class LoadPlanner final : public Planner {
 public:
  PlannerKind kind() const override { return PlannerKind::kLoad; }
  std::uint32_t algorithm_version() const override { return 1; }
  absl::StatusOr<Proposal> Propose(const Snapshot& snapshot,
                                   const PlanRequest& request) const override;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_PLANNER_H_
