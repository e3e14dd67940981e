#include "cli/plan_change_command.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/change.h"
#include "cli/formatting.h"
#include "cli/plan_output.h"
#include "cli/policy_text.h"
#include "cli/resource_name.h"
#include "lb/v1/plan_service.pb.h"

namespace lb::cli {
namespace {

constexpr char kOutdated[] =
    "Whatever plan the host takes first outdates a proposal;\n"
    "lbctl balance pause HOST keeps automatic ones away.";

struct ProposeOptions {
  std::string host;
  std::optional<std::uint32_t> target_permille;
  std::optional<std::uint32_t> max_moves;
  v1::PlannerKind planner = v1::PLANNER_KIND_UNSPECIFIED;
  ChangeOptions change;
};

struct PlanOptions {
  std::string plan;
  ChangeOptions change;
};

// "1.05" as 1050 thousandths.
Argument Target(std::optional<std::uint32_t>& target) {
  const auto ratio = std::make_shared<std::optional<double>>();
  Argument argument = Real(*ratio, "X", 1, 1'000);
  argument.read = [ratio, &target, read = argument.read](const auto& text) {
    absl::Status status = read(text);
    if (status.ok()) {
      target = static_cast<std::uint32_t>(std::lround(**ratio * 1'000));
    }
    return status;
  };
  return argument;
}

Fields ProposalFields(const v1::ProposePlanResponse& response) {
  if (!response.has_plan()) {
    return {{"Proposal", "none: no better table is within reach"},
            {"Planner", FormatText(response.planner_reason())}};
  }
  return {{"Proposal", PlanWords(response.plan())},
          {"Planner", FormatText(response.planner_reason())}};
}

absl::Status RunPropose(const ProposeOptions& options, Session& session) {
  v1::ProposePlanRequest request;
  request.set_parent(options.host);
  if (options.target_permille) {
    request.set_target_permille(*options.target_permille);
  }
  if (options.max_moves) request.set_max_moves(*options.max_moves);
  request.set_planner(options.planner);
  return MakeChange<v1::ProposePlanResponse>(
      session, options.change,
      {.action = "propose a plan for " + ShortName(options.host)}, request,
      ProposalFields);
}

void AddPropose(Command plans, const Online& online) {
  auto options = std::make_shared<ProposeOptions>();
  Command command = plans.Add(
      "propose",
      "Make a plan from what is measured now, and keep it as a proposal. "
      "Budget, cooldown and return time do not bind it.");
  command.Takes("HOST", HostName(options->host), "Name of the host");
  command.Option("--target", Target(options->target_permille),
                 "Imbalance to reach, as a multiple of the bound. Without it: "
                 "the policy's");
  command.Option("--max-moves",
                 OptionalWhole(options->max_moves, "K", 0,
                               std::numeric_limits<std::uint32_t>::max()),
                 "Move at most K buckets. Without it: as many as it takes");
  command.Option("--planner", Planner(options->planner),
                 "Planner to use. Without it: the policy's");
  AddChangeOptions(command, options->change);
  command.Footer(
      absl::StrCat("lbctl plan apply sends a proposal.\n", kOutdated));
  online.Runs(command, [options](Session& session) {
    return RunPropose(*options, session);
  });
}

void AddApply(Command plans, const Online& online) {
  auto options = std::make_shared<PlanOptions>();
  Command command = plans.Add(
      "apply",
      "Send a proposal to its host, if the host's table is still the one that "
      "it was made for.");
  command.Takes("PROPOSAL", Converted(options->plan, "", ProposalResource),
                "hosts/HOST/proposals/ID");
  AddChangeOptions(command, options->change);
  command.Footer(kOutdated);
  online.Runs(command, [options](Session& session) {
    v1::ApplyPlanRequest request;
    request.set_name(options->plan);
    return MakeChange<v1::ApplyPlanResponse>(
        session, options->change,
        {.action = "apply " + ShortName(options->plan)}, request,
        [](const v1::ApplyPlanResponse& response) -> Fields {
          return {{"Plan", PlanWords(response.plan())}};
        });
  });
}

void AddRollBack(Command plans, const Online& online) {
  auto options = std::make_shared<PlanOptions>();
  Command command = plans.Add(
      "rollback",
      "Send a new plan that brings back the table from before the given one, "
      "as far as today's layout and drains allow. Later plans of the host are "
      "kept as proposals until lbctl balance resume.");
  command.Takes("PLAN", Converted(options->plan, "", PlanResource),
                "HOST/EPOCH");
  AddChangeOptions(command, options->change, Confirm::kAsk);
  online.Runs(command, [options](Session& session) {
    v1::RollBackPlanRequest request;
    request.set_name(options->plan);
    return MakeChange<v1::RollBackPlanResponse>(
        session, options->change,
        {.action = "roll back plan " + ShortName(options->plan),
         .confirm = Confirm::kAsk},
        request, [](const v1::RollBackPlanResponse& response) -> Fields {
          return {{"Plan", PlanWords(response.plan())}};
        });
  });
}

}  // namespace

void AddPlanChangeCommands(const Online& online) {
  const Command plans =
      online.root().Group("plan", "Plans: tables and their moves");
  AddPropose(plans, online);
  AddApply(plans, online);
  AddRollBack(plans, online);
}

}  // namespace lb::cli
