#include "controller/core/explain.h"

#include <algorithm>
#include <span>
#include <utility>

#include "balance/decision.h"
#include "balance/draft_table.h"
#include "balance/imbalance_index.h"
#include "balance/thresholds.h"
#include "common/status.h"
#include "controller/core/decision_inputs.h"
#include "controller/core/explain_lines.h"
#include "controller/core/planner_inputs.h"
#include "controller/core/resource_name.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

// Indexes and quotas of what was measured.
void FillIndex(std::span<const balance::ProcessorUsage> usage,
               Explanation& explanation) {
  std::uint32_t buckets = 0;
  bool any_in_service = false;
  for (const balance::ProcessorUsage& one : usage) {
    buckets += one.buckets;
    any_in_service = any_in_service || one.in_service;
  }
  if (!any_in_service) return;
  const auto index = balance::ComputeImbalanceIndex(usage, buckets);
  explanation.total_index = index.Total();
  for (std::size_t i = 0; i < usage.size(); ++i) {
    explanation.processors[i].index = index.IndexOf(i);
    explanation.processors[i].quota = index.quota[i];
  }
}

// As they were, and with no move made.
void FillUnmoved(std::span<const balance::ProcessorUsage> usage,
                 Explanation& explanation) {
  for (const balance::ProcessorUsage& one : usage) {
    const double utilization = balance::Utilization(one);
    explanation.processors.push_back(
        {.in_service = one.in_service,
         .capacity_permille = one.capacity_permille,
         .utilization_before = utilization,
         .utilization_predicted = utilization,
         .utilization_achieved = std::nullopt,
         .buckets_before = one.buckets,
         .buckets_after = one.buckets});
  }
  explanation.system_utilization = balance::SystemUtilization(usage);
}

void FillMoved(std::span<const balance::ProcessorUsage> usage,
               Explanation& explanation) {
  for (std::size_t i = 0; i < usage.size(); ++i) {
    explanation.processors[i].utilization_predicted =
        balance::Utilization(usage[i]);
    explanation.processors[i].buckets_after = usage[i].buckets;
  }
}

// From the planner's inputs: before, and as it predicts. INVALID_ARGUMENT if
// the inputs are none that a planner takes, or the moves none that they allow.
absl::Status FillFromInputs(const PlanRecord& plan, Explanation& explanation) {
  LB_ASSIGN_OR_RETURN(const ParsedPlannerInputs inputs,
                      ParsePlannerInputs(plan.inputs.bytes));
  LB_RETURN_IF_ERROR(balance::ValidateSnapshot(inputs.snapshot));
  balance::DraftTable draft(inputs.snapshot);
  FillUnmoved(draft.usage(), explanation);
  for (const MoveRecord& move : plan.moves) {
    if (move.move.bucket.index() >= draft.buckets() ||
        move.move.to.index() >= draft.processors()) {
      return absl::DataLossError("its inputs do not have what its moves name");
    }
    draft.Move(move.move.bucket.index(), move.move.to.index());
  }
  FillMoved(draft.usage(), explanation);
  return absl::OkStatus();
}

// What the plan itself says of buckets, where there are no inputs.
void FillFromTable(const PlanRecord& plan, Explanation& explanation) {
  std::size_t processors =
      std::max(plan.indexes.size(), plan.utilization_achieved.size());
  for (const ProcessorId owner : plan.table.owner) {
    processors = std::max(processors, owner.index() + 1);
  }
  for (const MoveRecord& move : plan.moves) {
    processors = std::max(
        {processors, move.move.from.index() + 1, move.move.to.index() + 1});
  }
  explanation.processors.assign(processors, {});
  const auto counts = CountBuckets(plan.table, processors);
  for (std::size_t i = 0; i < processors; ++i) {
    explanation.processors[i].buckets_before = counts[i];
    explanation.processors[i].buckets_after = counts[i];
  }
  for (const MoveRecord& move : plan.moves) {
    ++explanation.processors[move.move.from.index()].buckets_before;
    std::uint32_t& to =
        explanation.processors[move.move.to.index()].buckets_before;
    if (to > 0) --to;
  }
}

// What was stored with the plan goes before what can be computed from it.
void FillStored(const PlanRecord& plan, Explanation& explanation) {
  for (std::size_t i = 0; i < explanation.processors.size(); ++i) {
    ExplainedProcessor& processor = explanation.processors[i];
    if (i < plan.indexes.size()) processor.index = plan.indexes[i];
    if (i < plan.quotas.size()) processor.quota = plan.quotas[i];
    if (i < plan.utilization_achieved.size()) {
      processor.utilization_achieved = plan.utilization_achieved[i];
    }
  }
}

std::vector<balance::ProcessorUsage> UsageOf(
    const balance::HostMeasurement& measurement) {
  std::vector<balance::ProcessorUsage> usage;
  for (const balance::ProcessorMeasurement& one : measurement.processors) {
    usage.push_back(
        {.busy_ns_per_s = static_cast<std::uint64_t>(
             std::clamp(std::max(one.samples.mean, one.offered), 0.0, 1e3) *
             1e9),
         .capacity_permille = std::max(one.capacity_permille, 1U),
         .buckets = one.buckets,
         .in_service = one.in_service});
  }
  return usage;
}

// Once bound and system utilization are filled in.
double TriggerOf(const Explanation& explanation) {
  return balance::ThresholdsAt(
             explanation.policy.policy,
             explanation.system_utilization * explanation.bound)
             .trigger_permille /
         1e3 * explanation.bound;
}

absl::Status FillFromMeasurement(const DecisionRecord& decision,
                                 Explanation& explanation) {
  LB_ASSIGN_OR_RETURN(const ParsedDecisionInputs inputs,
                      ParseDecisionInputs(decision.measurement));
  const auto usage = UsageOf(inputs.measurement);
  FillUnmoved(usage, explanation);
  FillIndex(usage, explanation);
  const balance::Decision again = balance::Decide(
      explanation.policy.policy, inputs.measurement, inputs.over_trigger);
  explanation.system_utilization = again.system_utilization;
  explanation.imbalance = again.imbalance;
  explanation.bound = again.bound;
  return absl::OkStatus();
}

// Why there are no utilizations, for people; empty: there are.
std::string Explain(const absl::Status& status) {
  return status.ok() ? std::string() : OneLine(status);
}

}  // namespace

Explanation ExplainPlan(PlanRecord plan, const PolicyRecord& policy) {
  Explanation explanation;
  explanation.name = PlanName(plan);
  explanation.verdict = plan.verdict;
  explanation.reason = plan.reason;
  explanation.time = plan.create_time;
  explanation.policy = policy;
  explanation.imbalance = plan.imbalance_before;
  explanation.bound = plan.bound;
  explanation.total_index = plan.total_index;
  explanation.planner_reason = plan.planner_reason;
  std::string missing;
  if (!plan.inputs.bytes.empty()) {
    missing = Explain(FillFromInputs(plan, explanation));
  } else if (plan.inputs.algorithm_version != 0) {
    missing = "they are no longer kept";
  } else {
    missing = "no planner was asked";
  }
  if (!missing.empty()) FillFromTable(plan, explanation);
  explanation.trigger = TriggerOf(explanation);
  FillStored(plan, explanation);
  explanation.plan = std::move(plan);
  explanation.lines = PlanLines(explanation, missing);
  return explanation;
}

Explanation ExplainDecision(const DecisionRecord& decision,
                            const PolicyRecord& policy) {
  Explanation explanation;
  explanation.name = DecisionName(decision.host, decision.revision);
  explanation.verdict = decision.verdict;
  explanation.reason = decision.reason;
  explanation.time = decision.time;
  explanation.policy = policy;
  std::string missing;
  if (!decision.measurement.empty()) {
    missing = Explain(FillFromMeasurement(decision, explanation));
  } else {
    missing = "the verdict does not come from measurements";
  }
  explanation.trigger = TriggerOf(explanation);
  explanation.lines = DecisionLines(explanation, missing);
  return explanation;
}

}  // namespace lb::controller
