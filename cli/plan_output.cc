#include "cli/plan_output.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/formatting.h"
#include "cli/resource_name.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "common/format_number.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

std::string StateName(v1::PlanState state) {
  return FormatEnum(v1::PlanState_Name(state), "PLAN_STATE_");
}

std::string Achieved(const v1::Plan& plan) {
  return plan.has_imbalance_achieved() ? FormatRatio(plan.imbalance_achieved())
                                       : "";
}

std::string Pause(std::uint64_t pause_ns) {
  return FormatDuration(
      std::chrono::nanoseconds(static_cast<std::int64_t>(pause_ns)));
}

std::string CostText(const v1::Plan& plan) {
  if (!plan.has_cost()) return "";
  const v1::Counters& cost = plan.cost();
  const v1::Drops& d = cost.dropped();
  const std::uint64_t dropped = d.ring_full() + d.queue_full() + d.hold_full() +
                                d.connection_limit() + d.pool() + d.takeover() +
                                d.source();
  return absl::StrCat("longest pause ", Pause(plan.max_pause_ns()), ", ",
                      cost.lost(), " lost, ", cost.reordered(), " reordered, ",
                      cost.duplicated(), " duplicated, ", dropped, " dropped");
}

std::string QuotaText(const v1::Plan& plan) {
  std::string text;
  for (int i = 0; i < plan.quotas_size() && i < plan.indexes_size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", FormatRatio(plan.indexes(i)),
                    " -> ", plan.quotas(i));
  }
  return text;
}

void PrintSummary(const v1::Plan& plan, const Clock& clock, std::ostream& out) {
  PrintFields(
      out,
      {{"Plan", ShortName(plan.name())},
       {"State", StateName(plan.state())},
       {"Rejection", FormatText(plan.rejection())},
       {"Made", FormatAge(plan.create_time(), clock)},
       {"Answered", FormatAge(plan.result_time(), clock)},
       {"Author", FormatText(plan.author())},
       {"Reason", FormatText(plan.reason())},
       {"Planner", FormatText(absl::StrCat(plan.planner(), ", policy revision ",
                                           plan.policy_revision()))},
       {"Table",
        absl::StrCat(FormatHex(plan.base()), " -> ", FormatHex(plan.digest()),
                     ", term ", plan.term(), ", epoch ", plan.epoch())},
       {"Imbalance",
        absl::StrCat(FormatRatio(plan.imbalance_before()), " before, ",
                     FormatRatio(plan.imbalance_predicted()), " predicted, ",
                     plan.has_imbalance_achieved()
                         ? Achieved(plan) + " achieved"
                         : "not measured",
                     ", bound ", FormatRatio(plan.bound()))},
       {"Cost", CostText(plan)},
       {"Index -> quota", QuotaText(plan)}});
}

void PrintMoves(const v1::Plan& plan, std::ostream& out) {
  TextTable table({{"BUCKET", Align::kRight},
                   {"FROM", Align::kRight},
                   {"TO", Align::kRight},
                   {"LOAD IN CPUS", Align::kRight},
                   {"OUTCOME"},
                   {"PAUSE", Align::kRight},
                   {"REASON"}});
  for (const v1::PlannedMove& move : plan.moves()) {
    const bool answered = move.outcome() != v1::MOVE_OUTCOME_UNSPECIFIED;
    table.AddRow(
        {absl::StrCat(move.move().bucket()), absl::StrCat(move.move().from()),
         absl::StrCat(move.move().to()),
         FormatPercent(static_cast<double>(move.load_ns_per_s()) / 1e9),
         answered
             ? FormatEnum(v1::MoveOutcome_Name(move.outcome()), "MOVE_OUTCOME_")
             : "",
         answered ? Pause(move.pause_ns()) : "", FormatText(move.reason())});
  }
  table.Print(out);
}

void PrintProcessors(const v1::ExplainPlanResponse& explained,
                     std::ostream& out) {
  TextTable table({{"PROCESSOR", Align::kRight},
                   {"CAPACITY", Align::kRight},
                   {"BEFORE", Align::kRight},
                   {"PREDICTED", Align::kRight},
                   {"ACHIEVED", Align::kRight},
                   {"BUCKETS", Align::kRight},
                   {"THEN", Align::kRight},
                   {"INDEX", Align::kRight},
                   {"QUOTA", Align::kRight},
                   {"SERVICE"}});
  for (const v1::ExplainedProcessor& p : explained.processors()) {
    const double capacity = static_cast<double>(p.capacity_permille()) / 1'000;
    table.AddRow(
        {absl::StrCat(p.id()), FormatPercent(capacity),
         FormatPercent(p.utilization_before()),
         FormatPercent(p.utilization_predicted()),
         p.has_utilization_achieved() ? FormatPercent(p.utilization_achieved())
                                      : "",
         absl::StrCat(p.buckets_before()), absl::StrCat(p.buckets_after()),
         FormatRatio(p.index()), absl::StrCat(p.quota()),
         p.in_service() ? "in service" : "out of service"});
  }
  table.Print(out);
}

}  // namespace

void PrintPlans(const v1::ListPlansResponse& plans, const Clock& clock,
                std::ostream& out) {
  TextTable table({{"PLAN"},
                   {"STATE"},
                   {"MADE"},
                   {"AUTHOR"},
                   {"MOVES", Align::kRight},
                   {"BEFORE", Align::kRight},
                   {"PREDICTED", Align::kRight},
                   {"ACHIEVED", Align::kRight},
                   {"LONGEST PAUSE", Align::kRight},
                   {"LOST", Align::kRight},
                   {"REASON"}});
  for (const v1::Plan& plan : plans.plans()) {
    const bool answered = plan.has_cost();
    table.AddRow({ShortName(plan.name()), StateName(plan.state()),
                  FormatAge(plan.create_time(), clock),
                  FormatText(plan.author()), absl::StrCat(plan.move_count()),
                  FormatRatio(plan.imbalance_before()),
                  FormatRatio(plan.imbalance_predicted()), Achieved(plan),
                  answered ? Pause(plan.max_pause_ns()) : "",
                  answered ? absl::StrCat(plan.cost().lost()) : "",
                  FormatText(plan.rejection().empty() ? plan.reason()
                                                      : plan.rejection())});
  }
  table.Print(out);
}

void PrintPlan(const v1::Plan& plan, const Clock& clock, std::ostream& out) {
  PrintSummary(plan, clock, out);
  out << '\n';
  PrintMoves(plan, out);
}

void PrintExplanation(const std::string& name,
                      const v1::ExplainPlanResponse& explained,
                      std::ostream& out) {
  PrintFields(out,
              {{"Decision", ShortName(name)},
               {"Verdict", FormatText(explained.verdict())},
               {"Why", FormatText(explained.reason())},
               {"When", FormatTime(explained.time())},
               {"Utilization", FormatPercent(explained.system_utilization())},
               {"Imbalance",
                absl::StrCat(FormatRatio(explained.imbalance()), ", to exceed ",
                             FormatRatio(explained.trigger()), ", bound ",
                             FormatRatio(explained.bound()))},
               {"Total index", FormatRatio(explained.total_index())},
               {"Planner", FormatText(explained.planner_reason())}});
  if (explained.lines_size() > 0) out << '\n';
  for (const std::string& line : explained.lines()) {
    out << FormatText(line) << '\n';
  }
  if (explained.processors_size() > 0) {
    out << '\n';
    PrintProcessors(explained, out);
  }
  if (explained.plan().moves_size() > 0) {
    out << '\n';
    PrintMoves(explained.plan(), out);
  }
}

std::string PlanWords(const v1::Plan& plan) {
  return absl::StrCat(ShortName(plan.name()), ", ", StateName(plan.state()),
                      ", ", FormatNumber(plan.move_count(), "move"),
                      ", imbalance ", FormatRatio(plan.imbalance_before()),
                      " -> ", FormatRatio(plan.imbalance_predicted()),
                      " predicted");
}

}  // namespace lb::cli
