#include "controller/core/explain_lines.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/counters.h"
#include "common/format_number.h"
#include "common/status.h"

namespace lb::controller {
namespace {

using Lines = std::vector<std::string>;
using Milliseconds = std::chrono::duration<double, std::milli>;

std::string PolicyOf(const Explanation& explanation) {
  const PolicyRecord& policy = explanation.policy;
  return absl::StrFormat(
      "%s (mode %s, planner %s)",
      policy.revision == 0 ? std::string("the built-in policy")
                           : absl::StrCat("policy r", policy.revision),
      ToAbsl(balance::ModeName(policy.policy.mode)),
      ToAbsl(balance::PlannerKindName(policy.policy.planner)));
}

// The highest utilization, U, their ratio, and what it had to exceed.
std::string ImbalanceLine(const Explanation& explanation) {
  const ExplainedProcessor* highest = nullptr;
  for (const ExplainedProcessor& one : explanation.processors) {
    if (one.in_service &&
        (highest == nullptr ||
         one.utilization_before > highest->utilization_before)) {
      highest = &one;
    }
  }
  return absl::StrFormat(
      "Imbalance: max(U_i) / U = %.3f / %.3f = %.3f. Trigger: %.3f x bound "
      "%.3f = %.3f.",
      highest == nullptr ? 0.0 : highest->utilization_before,
      explanation.system_utilization, explanation.imbalance,
      explanation.trigger / explanation.bound, explanation.bound,
      explanation.trigger);
}

std::string IndexLine(const Explanation& explanation) {
  std::uint32_t buckets = 0;
  for (const ExplainedProcessor& one : explanation.processors) {
    buckets += one.buckets_before;
  }
  return absl::StrFormat(
      "Indexes: I_i = b_i x U / max(U_i, U/8), T = sum(I_i) = %.1f; quotas: "
      "q_i = %d x I_i / T.",
      explanation.total_index, buckets);
}

std::string ProcessorLine(std::size_t i, const ExplainedProcessor& processor,
                          const Explanation& explanation) {
  std::string line = absl::StrFormat("  processor %d:", i);
  if (!processor.in_service) absl::StrAppend(&line, " out of service,");
  absl::StrAppendFormat(&line, " C %.3f, U %.3f, I %.1f, quota %d; buckets %d",
                        processor.capacity_permille / 1e3,
                        processor.utilization_before, processor.index,
                        processor.quota, processor.buckets_before);
  if (explanation.plan) {
    absl::StrAppendFormat(&line, " -> %d; U predicted %.3f",
                          processor.buckets_after,
                          processor.utilization_predicted);
  }
  if (processor.utilization_achieved) {
    absl::StrAppendFormat(&line, ", achieved %.3f",
                          *processor.utilization_achieved);
  }
  return line;
}

std::string BucketsLine(std::size_t i, const ExplainedProcessor& processor) {
  std::string line =
      absl::StrFormat("  processor %d: buckets %d -> %d", i,
                      processor.buckets_before, processor.buckets_after);
  if (processor.utilization_achieved) {
    absl::StrAppendFormat(&line, "; U achieved %.3f",
                          *processor.utilization_achieved);
  }
  return line;
}

void AddProcessors(const Explanation& explanation, Lines& lines) {
  lines.push_back(ImbalanceLine(explanation));
  lines.push_back(IndexLine(explanation));
  for (std::size_t i = 0; i < explanation.processors.size(); ++i) {
    lines.push_back(ProcessorLine(i, explanation.processors[i], explanation));
  }
}

std::string OutcomeOf(const MoveRecord& move) {
  if (!move.outcome) return {};
  switch (*move.outcome) {
    case MoveOutcome::kMoved:
      return absl::StrFormat("; moved, pause %.3f ms",
                             Milliseconds(move.pause).count());
    case MoveOutcome::kTakenOver:
      return "; taken over, what it held was dropped";
    case MoveOutcome::kNotMoved:
      return "; not moved";
  }
  return {};
}

std::string MoveLine(const MoveRecord& move) {
  return absl::StrFormat(
      "  bucket %d (%.3f ms/s), processor %d to %d%s%s%s",
      move.move.bucket.value(), static_cast<double>(move.load_ns_per_s) / 1e6,
      move.move.from.value(), move.move.to.value(),
      move.reason.empty() ? "" : ": ", move.reason, OutcomeOf(move));
}

std::string PlannerLine(const PlanRecord& plan) {
  std::string line = absl::StrFormat("Moves: %d of %d buckets",
                                     plan.moves.size(), plan.table.buckets());
  if (plan.inputs.algorithm_version != 0) {
    absl::StrAppendFormat(&line, ", by planner %s version %d",
                          ToAbsl(balance::PlannerKindName(plan.inputs.planner)),
                          plan.inputs.algorithm_version);
  }
  if (!plan.planner_reason.empty()) {
    absl::StrAppend(&line, "; ", plan.planner_reason);
  }
  return line + ".";
}

void AddMoves(const PlanRecord& plan, Lines& lines) {
  lines.push_back(PlannerLine(plan));
  const std::size_t told = std::min(plan.moves.size(), kMostExplainedMoves);
  for (std::size_t i = 0; i < told; ++i) {
    lines.push_back(MoveLine(plan.moves[i]));
  }
  if (told < plan.moves.size()) {
    lines.push_back(absl::StrFormat("  and %d more, which the plan lists",
                                    plan.moves.size() - told));
  }
}

std::string CostOf(const Counters& cost) {
  return absl::StrFormat(
      "meanwhile %s arrived, %d dropped, %d lost, %d reordered, %d duplicated",
      FormatNumber(cost.arrived, "packet"), cost.dropped_total(), cost.lost,
      cost.reordered, cost.duplicated);
}

std::string StateLine(const PlanRecord& plan) {
  const auto made = std::count_if(
      plan.moves.begin(), plan.moves.end(), [](const MoveRecord& move) {
        return move.outcome && *move.outcome != MoveOutcome::kNotMoved;
      });
  std::string line =
      absl::StrFormat("State: %s", ToAbsl(PlanStateName(plan.state)));
  if (plan.result_time) {
    absl::StrAppend(&line, ", answered at ", FormatWallTime(*plan.result_time));
  }
  if (!plan.rejection.empty()) absl::StrAppend(&line, ": ", plan.rejection);
  if (plan.cost) {
    absl::StrAppendFormat(&line, "; %d of %s made, longest pause %.3f ms; %s",
                          made, FormatNumber(plan.moves.size(), "move"),
                          Milliseconds(plan.max_pause).count(),
                          CostOf(*plan.cost));
  }
  return line + ".";
}

std::string EffectLine(const PlanRecord& plan) {
  std::string line =
      absl::StrFormat("Imbalance: %.3f before, %.3f predicted, ",
                      plan.imbalance_before, plan.imbalance_predicted);
  if (!plan.imbalance_achieved) return line + "not measured after the plan.";
  absl::StrAppendFormat(&line, "%.3f achieved.", *plan.imbalance_achieved);
  return line;
}

std::string WhyLine(const Explanation& explanation) {
  return absl::StrCat("Why: ", explanation.verdict,
                      explanation.verdict.empty() ? "" : ": ",
                      explanation.reason, ".");
}

}  // namespace

Lines PlanLines(const Explanation& explanation, const std::string& missing) {
  const PlanRecord& plan = *explanation.plan;
  Lines lines;
  lines.push_back(absl::StrFormat(
      "%s, made by %s at %s under %s.", explanation.name, plan.author,
      FormatWallTime(plan.create_time), PolicyOf(explanation)));
  lines.push_back(WhyLine(explanation));
  if (missing.empty()) {
    AddProcessors(explanation, lines);
  } else {
    lines.push_back(
        absl::StrCat("The planner's inputs are not there: ", missing, "."));
    for (std::size_t i = 0; i < explanation.processors.size(); ++i) {
      lines.push_back(BucketsLine(i, explanation.processors[i]));
    }
  }
  AddMoves(plan, lines);
  lines.push_back(StateLine(plan));
  lines.push_back(EffectLine(plan));
  return lines;
}

Lines DecisionLines(const Explanation& explanation,
                    const std::string& missing) {
  Lines lines;
  lines.push_back(
      absl::StrFormat("%s, not planned at %s under %s.", explanation.name,
                      FormatWallTime(explanation.time), PolicyOf(explanation)));
  lines.push_back(WhyLine(explanation));
  if (missing.empty()) {
    AddProcessors(explanation, lines);
  } else {
    lines.push_back(
        absl::StrCat("There are no measurements to show: ", missing, "."));
  }
  return lines;
}

}  // namespace lb::controller
