// The `rsspp` planner, for comparison: the solver of RSS++ (Barbette et al.,
// "RSS++: load and state-aware receive side scaling", CoNEXT 2019), written
// anew from its description. Pure and stateless; any thread.
#ifndef LB_BALANCE_RSSPP_PLANNER_H_
#define LB_BALANCE_RSSPP_PLANNER_H_

#include <cstdint>

#include "balance/planner.h"

namespace lb::balance {

// It aims at the mean, not at the request's target, which it leaves aside, and
// at the least squared imbalance rather than the lowest maximum. Ours: loads
// and capacities are integers, processors out of service are emptied first,
// and pins, rests, returns and the budget are kept (with a budget of K it
// returns the K heaviest moves). A plan that raises the imbalance is not
// proposed. rsspp_plan.h says how it goes.
class RssppPlanner final : public Planner {
 public:
  PlannerKind kind() const override { return PlannerKind::kRsspp; }
  std::uint32_t algorithm_version() const override { return 1; }
  absl::StatusOr<Proposal> Propose(const Snapshot& snapshot,
                                   const PlanRequest& request) const override;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_RSSPP_PLANNER_H_
