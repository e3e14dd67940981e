// Decides again from what was stored, and compares: whether a plan, or a
// decision not to plan, is what its inputs lead to. Pure.
#ifndef LB_CONTROLLER_CORE_REPLAY_H_
#define LB_CONTROLLER_CORE_REPLAY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "controller/core/records.h"

namespace lb::controller {

enum class ReplayOutcome : std::uint8_t {
  kIdentical = 1,
  kDifferent = 2,
  // Made by another version of the algorithm, so comparing proves nothing.
  kOtherVersion = 3,
};

struct Replay {
  ReplayOutcome outcome = ReplayOutcome::kIdentical;
  std::string difference;  // the first one, or both versions; or empty
  std::string planner;     // its name; empty if none was asked
};

// Errors of both: FAILED_PRECONDITION if nothing was computed, so that there is
// nothing to compute again (an operator's plan, a verdict that does not come
// from measurements); NOT_FOUND if the inputs were pruned; DATA_LOSS if they
// are damaged; UNIMPLEMENTED if a newer program wrote them.

// Asks the planner again. Compares table, moves with their loads and reasons,
// imbalances, bound, indexes, quotas and the planner's reason to stop. Why the
// host was to be planned is not decided again: a plan does not hold that.
absl::StatusOr<Replay> ReplayPlan(const PlanRecord& plan);

// Runs balance::Decide(), and where the planner was asked, it and
// balance::Judge(); compares verdict and reason. `policy` is the one in force
// then.
absl::StatusOr<Replay> ReplayDecision(const DecisionRecord& decision,
                                      const balance::Policy& policy);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_REPLAY_H_
