// Plans as people read them. Pure; any thread.
#ifndef LB_CLI_PLAN_OUTPUT_H_
#define LB_CLI_PLAN_OUTPUT_H_

#include <ostream>
#include <string>

#include "common/clock.h"
#include "lb/v1/plan.pb.h"
#include "lb/v1/plan_service.pb.h"

namespace lb::cli {

// A row for each.
void PrintPlans(const v1::ListPlansResponse& plans, const Clock& clock,
                std::ostream& out);

// Everything about one, with its moves.
void PrintPlan(const v1::Plan& plan, const Clock& clock, std::ostream& out);

// What went into the decision called `name`, what came out, and what was
// measured afterwards.
void PrintExplanation(const std::string& name,
                      const v1::ExplainPlanResponse& explained,
                      std::ostream& out);

// One in a line, without why: name, state, moves, imbalance.
std::string PlanWords(const v1::Plan& plan);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_OUTPUT_H_
