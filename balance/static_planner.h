// The `static` planner, for comparison: leaves every bucket where it was dealt.
// Pure and stateless; any thread.
#ifndef LB_BALANCE_STATIC_PLANNER_H_
#define LB_BALANCE_STATIC_PLANNER_H_

#include <cstdint>

#include "balance/planner.h"

namespace lb::balance {

// Processors out of service are emptied, as by any planner, because nobody
// would serve their buckets. Nothing else ever moves: not even a processor
// without buckets is given one.
class StaticPlanner final : public Planner {
 public:
  PlannerKind kind() const override { return PlannerKind::kStatic; }
  std::uint32_t algorithm_version() const override { return 1; }
  absl::StatusOr<Proposal> Propose(const Snapshot& snapshot,
                                   const PlanRequest& request) const override;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_STATIC_PLANNER_H_
