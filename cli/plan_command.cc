#include "cli/plan_command.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "cli/formatting.h"
#include "cli/plan_output.h"
#include "cli/proto_json.h"
#include "cli/resource_name.h"
#include "lb/v1/plan_service.pb.h"

namespace lb::cli {
namespace {

struct PlanListOptions {
  std::string parent = kAllHosts;
  std::uint64_t limit = 50;
};

absl::Status RunPlanList(const PlanListOptions& options, Session& session) {
  v1::ListPlansRequest request;
  request.set_parent(options.parent);
  LB_ASSIGN_OR_RETURN(const auto plans,
                      session.List<v1::ListPlansResponse>(
                          request, static_cast<std::int64_t>(options.limit)));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(plans, JsonLayout::kIndented, session.out());
  }
  PrintPlans(plans, session.clock(), session.out());
  return absl::OkStatus();
}

absl::Status RunPlanShow(const std::string& name, Session& session) {
  v1::GetPlanRequest request;
  request.set_name(name);
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::GetPlanResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response.plan(), JsonLayout::kIndented, session.out());
  }
  PrintPlan(response.plan(), session.clock(), session.out());
  return absl::OkStatus();
}

absl::Status RunExplain(const std::string& name, Session& session) {
  v1::ExplainPlanRequest request;
  request.set_name(name);
  LB_ASSIGN_OR_RETURN(const auto response,
                      session.Call<v1::ExplainPlanResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response, JsonLayout::kIndented, session.out());
  }
  PrintExplanation(name, response, session.out());
  return absl::OkStatus();
}

absl::Status JudgeReplay(const std::string& name,
                         const v1::ReplayPlanResponse& replay) {
  switch (replay.outcome()) {
    case v1::REPLAY_OUTCOME_IDENTICAL:
      return absl::OkStatus();
    case v1::REPLAY_OUTCOME_OTHER_VERSION:
      return absl::FailedPreconditionError(
          absl::StrCat(ShortName(name), " was made by another version: ",
                       replay.difference(), "; the comparison proves nothing"));
    default:
      return absl::InternalError(absl::StrCat(
          ShortName(name), " is decided differently: ", replay.difference()));
  }
}

absl::Status RunReplay(const std::string& name, Session& session) {
  v1::ReplayPlanRequest request;
  request.set_name(name);
  LB_ASSIGN_OR_RETURN(const auto replay,
                      session.Call<v1::ReplayPlanResponse>(request));
  if (session.form() == OutputForm::kJson) {
    LB_RETURN_IF_ERROR(PrintJson(replay, JsonLayout::kIndented, session.out()));
  }
  LB_RETURN_IF_ERROR(JudgeReplay(name, replay));
  if (session.form() == OutputForm::kTable) {
    // No planner was asked if the decision was not to plan.
    const std::string by =
        replay.planner().empty() ? "" : " by " + FormatText(replay.planner());
    session.out() << ShortName(name) << ": decided again" << by
                  << ", identical\n";
  }
  return absl::OkStatus();
}

void AddPlanList(Command plans, const Online& online) {
  auto options = std::make_shared<PlanListOptions>();
  Command command = plans.Add(
      "list", "List plans, newest first: what each brought and cost.");
  command.Option("--host", HostName(options->parent), "Of this host only");
  AddLimit(command, options->limit);
  online.Runs(command, [options](Session& session) {
    return RunPlanList(*options, session);
  });
}

using Convert = absl::StatusOr<std::string> (*)(const std::string& text);
using RunNamed = absl::Status (*)(const std::string& name, Session& session);

// A question about one plan.
void AddNamed(Command plans, const Online& online, const char* name,
              const char* description, Convert convert, const char* what,
              RunNamed run) {
  auto plan = std::make_shared<std::string>();
  Command command = plans.Add(name, description);
  command.Takes("PLAN", Converted(*plan, "", convert), what);
  online.Runs(command,
              [plan, run](Session& session) { return run(*plan, session); });
}

}  // namespace

void AddPlanCommands(const Online& online) {
  const Command plans =
      online.root().Group("plan", "Plans: tables and their moves");
  constexpr char kDecision[] =
      "HOST/EPOCH, hosts/HOST/proposals/ID, or hosts/HOST/decisions/REVISION "
      "for a decision not to plan, where REVISION is its event's";
  AddPlanList(plans, online);
  AddNamed(plans, online, "show",
           "Show a plan: why it was made, every move, what came of it.",
           PlanOrProposalResource, "HOST/EPOCH or hosts/HOST/proposals/ID",
           RunPlanShow);
  AddNamed(plans, online, "explain",
           "Explain a plan, or a decision not to plan: what went in, what came "
           "out, and what was measured afterwards.",
           DecisionResource, kDecision, RunExplain);
  AddNamed(plans, online, "replay",
           "Decide again from the stored inputs and compare. Exits with 0 only "
           "if the outcome is identical.",
           DecisionResource, kDecision, RunReplay);
}

}  // namespace lb::cli
