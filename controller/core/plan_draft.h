// From a planner's proposal to the record of a plan. Pure.
#ifndef LB_CONTROLLER_CORE_PLAN_DRAFT_H_
#define LB_CONTROLLER_CORE_PLAN_DRAFT_H_

#include <cstddef>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/snapshot.h"
#include "common/plan.h"
#include "common/table.h"
#include "controller/core/records.h"

namespace lb::controller {

// A plan in state PROPOSED, without id, term, epoch, time, author, verdict,
// reason and inputs, that turns `base` into the proposal's table. INTERNAL if
// the proposal is not one of that base and so many processors: another N, a
// processor that does not exist, or moves that do not make its assignment.
absl::StatusOr<PlanRecord> DraftPlan(const Table& base, std::size_t processors,
                                     const balance::Proposal& proposal);

// What the planner was given, to be kept.
PlannerInputs InputsOf(const balance::Planner& planner,
                       const balance::Snapshot& snapshot,
                       const balance::PlanRequest& request);

// A proposal of just these moves, each for this reason, made by no planner:
// with what is predicted of them. INVALID_ARGUMENT if the snapshot is not
// valid.
absl::StatusOr<balance::Proposal> ProposeMoves(
    const balance::Snapshot& snapshot, std::span<const Move> moves,
    const std::string& reason);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLAN_DRAFT_H_
