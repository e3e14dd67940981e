#include "cli/simulate_command.h"

#include <cstdint>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "balance/planner.h"
#include "balance/policy.h"
#include "balance/policy_yaml.h"
#include "cli/simulate_output.h"
#include "common/status.h"
#include "sim/scenario_yaml.h"
#include "sim/simulation.h"

namespace lb::cli {
namespace {

struct SimulateOptions {
  std::string scenario;
  std::vector<std::string> planners = {"static", "load"};
  std::string policy;
  std::uint64_t seed = 1;
  std::uint32_t seeds = 1;
  std::string queue;
  std::string output = "table";
};

std::string CheckPlanner(const std::string& name) {
  const auto kind = balance::ParsePlannerKind(name);
  return kind.ok() ? "" : OneLine(kind.status());
}

absl::StatusOr<balance::Policy> ReadPolicy(const std::string& path) {
  if (path.empty()) return balance::Policy();
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) {
    return absl::NotFoundError(absl::StrCat(
        "policy file ", path, " cannot be read; see that it is there"));
  }
  absl::StatusOr<balance::Policy> policy = balance::ParsePolicyYaml(text.str());
  if (policy.ok()) return policy;
  return Annotate(policy.status(), absl::StrCat("policy file ", path));
}

absl::Status RunSimulate(const SimulateOptions& options,
                         const CommandContext& context) {
  LB_ASSIGN_OR_RETURN(sim::Scenario scenario,
                      sim::ReadScenarioFile(options.scenario));
  LB_ASSIGN_OR_RETURN(const balance::Policy policy, ReadPolicy(options.policy));
  if (!options.queue.empty()) {
    scenario.queue =
        options.queue == "fifo" ? sim::QueueKind::kFifo : sim::QueueKind::kFair;
  }
  std::vector<PlannerRuns> planners;
  for (const std::string& name : options.planners) {
    LB_ASSIGN_OR_RETURN(const balance::PlannerKind kind,
                        balance::ParsePlannerKind(name));
    LB_ASSIGN_OR_RETURN(const std::unique_ptr<balance::Planner> planner,
                        balance::MakePlanner(kind));
    PlannerRuns runs{.planner = name, .runs = {}};
    for (std::uint32_t i = 0; i < options.seeds; ++i) {
      LB_ASSIGN_OR_RETURN(
          sim::RunResult run,
          sim::Simulate(scenario, policy, planner.get(), options.seed + i));
      runs.runs.push_back(std::move(run));
    }
    planners.push_back(std::move(runs));
  }
  if (options.output == "json") {
    PrintSimulationJson(scenario, planners, context.out);
  } else {
    PrintSimulationTable(scenario, planners, context.out);
  }
  return absl::OkStatus();
}

void AddOptions(CLI::App& command, SimulateOptions& options) {
  command.add_option("--scenario", options.scenario, "YAML file to simulate")
      ->type_name("FILE")
      ->required();
  command
      .add_option("--planner", options.planners,
                  "Planners to compare, each with the same packets: index, "
                  "load, rsspp, static")
      ->type_name("NAME,...")
      ->delimiter(',')
      ->check(CheckPlanner)
      ->capture_default_str();
  command
      .add_option("--policy", options.policy,
                  "YAML file with the policy; built-in values where left out")
      ->type_name("FILE");
  command.add_option("--seed", options.seed, "First seed")
      ->type_name("S")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--seeds", options.seeds, "Runs, each with the next seed")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command
      .add_option("--queue", options.queue,
                  "Order of service, in place of the scenario's")
      ->check(CLI::IsMember({"fair", "fifo"}));
  command.add_option("-o,--output", options.output, "Form of the answer")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

}  // namespace

void AddSimulateCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<SimulateOptions>();
  CLI::App* command = app.add_subcommand(
      "simulate",
      "Simulate hosts, packet by packet, and say what planners make of them.");
  AddOptions(*command, *options);
  command->footer(
      "Equal scenarios, policies and seeds give equal answers, to the byte.\n"
      "Scenarios are in sim/scenarios of the source; docs/simulator.md "
      "explains "
      "their keys.\n"
      "Example: lbctl simulate --scenario sim/scenarios/zipf-churn-8.yaml \\\n"
      "  --planner static,load --seeds 3");
  command->callback([options, &context] {
    context.selected = [options, &context] {
      return RunSimulate(*options, context);
    };
  });
}

}  // namespace lb::cli
