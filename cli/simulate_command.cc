#include "cli/simulate_command.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/policy.h"
#include "cli/argument.h"
#include "cli/policy_file.h"
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

absl::Status CheckPlanner(const std::string& name) {
  return balance::ParsePlannerKind(name).status();
}

absl::Status RunSimulate(const SimulateOptions& options,
                         const CommandContext& context) {
  LB_ASSIGN_OR_RETURN(sim::Scenario scenario,
                      sim::ReadScenarioFile(options.scenario));
  balance::Policy policy;
  if (!options.policy.empty()) {
    LB_ASSIGN_OR_RETURN(policy, ParsePolicyFile(options.policy));
  }
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

void AddOptions(Command& command, SimulateOptions& options) {
  command.RequiredOption("--scenario", Text(options.scenario, "FILE"),
                         "YAML file to simulate");
  command.Option("--planner", Texts(options.planners, "NAME,...", CheckPlanner),
                 "Planners to compare, each with the same packets: index, "
                 "load, rsspp, static");
  command.Option("--policy", Text(options.policy, "FILE"),
                 "YAML file with the policy; built-in values where left out");
  command.Option(
      "--seed",
      Whole(options.seed, "S", 0, std::numeric_limits<std::uint64_t>::max()),
      "First seed");
  command.Option("--seeds", Whole(options.seeds, "N", 1, 1'000),
                 "Runs, each with the next seed");
  command.Option("--queue", Word(options.queue, {"fair", "fifo"}),
                 "Order of service, in place of the scenario's");
  command.Option("-o,--output", Word(options.output, {"table", "json"}),
                 "Form of the answer");
}

}  // namespace

void AddSimulateCommand(CommandLine& line) {
  auto options = std::make_shared<SimulateOptions>();
  Command command = line.root().Add(
      "simulate",
      "Simulate hosts, packet by packet, and say what planners make of them.");
  AddOptions(command, *options);
  command.Footer(
      "Equal scenarios, policies and seeds give equal answers, to the byte.\n"
      "Scenarios are in sim/scenarios of the source; docs/simulator.md "
      "explains "
      "their keys.\n"
      "Example: lbctl simulate --scenario sim/scenarios/zipf-churn-8.yaml \\\n"
      "  --planner static,load --seeds 3");
  command.Runs([options, &context = line.context()] {
    return RunSimulate(*options, context);
  });
}

}  // namespace lb::cli
