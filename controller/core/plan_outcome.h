// What is said of a plan: what it is to do, and what came of it by an agent's
// result. Pure but for the log.
#ifndef LB_CONTROLLER_CORE_PLAN_OUTCOME_H_
#define LB_CONTROLLER_CORE_PLAN_OUTCOME_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/table.h"
#include "controller/core/agent_messages.h"
#include "controller/core/records.h"

namespace lb::controller {

// What a plan is to do and why, in one line for people.
std::string DescribePlan(const PlanRecord& plan);

// That the plan came into this state: "hosts/a/plans/7: message".
Event PlanEvent(const PlanRecord& plan, PlanState state,
                std::string_view message);

// The change of the stored plan. Moves that were not planned are left out, and
// the log says so.
PlanUpdate UpdateFrom(const PlanRecord& plan, const PlanResult& result,
                      WallTime now);

// One line for people; `planned` is the number of the plan's moves. The update
// is one of UpdateFrom().
std::string DescribeResult(const PlanUpdate& update, std::size_t planned);

// `base` after only those of the plan's moves were made that are reported as
// made.
Table PartlyApplied(Table base, const Table& planned, const PlanResult& result);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLAN_OUTCOME_H_
