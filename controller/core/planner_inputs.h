// The exact input of a planner as bytes and back, so that a stored decision
// can be replayed on any machine. Pure.
#ifndef LB_CONTROLLER_CORE_PLANNER_INPUTS_H_
#define LB_CONTROLLER_CORE_PLANNER_INPUTS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/snapshot.h"

namespace lb::controller {

// Equal inputs give equal bytes: a format number, then every field in the
// order of its declaration; an empty optional is 0, a present one is 1 and its
// value.
std::string SerializePlannerInputs(const balance::Snapshot& snapshot,
                                   const balance::PlanRequest& request);

struct ParsedPlannerInputs {
  balance::Snapshot snapshot;
  balance::PlanRequest request;
};

// DATA_LOSS if the bytes are damaged, UNIMPLEMENTED if their format is newer.
absl::StatusOr<ParsedPlannerInputs> ParsePlannerInputs(std::string_view bytes);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLANNER_INPUTS_H_
