#include "controller/core/planners.h"

#include "common/status.h"

namespace lb::controller {

absl::StatusOr<const balance::Planner*> Planners::Get(
    balance::PlannerKind kind) {
  std::unique_ptr<balance::Planner>& planner = made_[kind];
  if (!planner) {
    LB_ASSIGN_OR_RETURN(planner, make_(kind));
  }
  return planner.get();
}

}  // namespace lb::controller
