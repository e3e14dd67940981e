// From a planner's proposal to the record of a plan. Pure.
#ifndef LB_CONTROLLER_CORE_PLAN_DRAFT_H_
#define LB_CONTROLLER_CORE_PLAN_DRAFT_H_

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/snapshot.h"
#include "common/table.h"
#include "controller/core/records.h"

namespace lb::controller {

// A plan in state PROPOSED, without id, term, epoch and time, that turns
// `base` into the proposal's table. INTERNAL if the proposal is not one of
// that base: another N, a processor that does not exist, or moves that do not
// make its assignment.
absl::StatusOr<PlanRecord> DraftPlan(const Table& base,
                                     const balance::Planner& planner,
                                     const balance::Snapshot& snapshot,
                                     const balance::PlanRequest& request,
                                     const balance::Proposal& proposal);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLAN_DRAFT_H_
