// Everything about a plan, or about a decision not to plan: what went in, what
// came out, what was measured afterwards; as numbers and as people read it.
// Pure.
#ifndef LB_CONTROLLER_CORE_EXPLAIN_H_
#define LB_CONTROLLER_CORE_EXPLAIN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/core/records.h"

namespace lb::controller {

struct ExplainedProcessor {
  bool in_service = true;
  std::uint32_t capacity_permille = 1'000;
  // Of the capacity. Before: as the decision saw it; predicted: with the moves
  // made. Both 0 if the inputs are not there.
  double utilization_before = 0;
  double utilization_predicted = 0;
  std::optional<double> utilization_achieved;  // none: not measured (yet)
  std::uint32_t buckets_before = 0;
  std::uint32_t buckets_after = 0;
  double index = 0;         // I_i
  std::uint32_t quota = 0;  // q_i
};

struct Explanation {
  std::string name;                // of the plan, proposal or decision
  std::optional<PlanRecord> plan;  // none: a decision not to plan
  std::string verdict;             // such as IMBALANCE
  std::string reason;
  WallTime time;
  PolicyRecord policy;  // in force then
  double system_utilization = 0;
  double imbalance = 1;
  double bound = 1;
  // That had to be exceeded: the policy's at that utilization, times bound.
  double trigger = 0;
  double total_index = 0;
  std::vector<ExplainedProcessor> processors;  // empty: nothing was measured
  std::string planner_reason;
  std::vector<std::string> lines;
};

// So many moves are told one by one; the rest is in the plan.
inline constexpr std::size_t kMostExplainedMoves = 1'000;

// `policy` is that of the record's revision. Inputs that are missing or damaged
// make the explanation shorter, and a line says so.
Explanation ExplainPlan(PlanRecord plan, const PolicyRecord& policy);
Explanation ExplainDecision(const DecisionRecord& decision,
                            const PolicyRecord& policy);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_EXPLAIN_H_
