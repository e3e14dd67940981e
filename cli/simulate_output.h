// Results of simulations as people and programs read them. Pure.
#ifndef LB_CLI_SIMULATE_OUTPUT_H_
#define LB_CLI_SIMULATE_OUTPUT_H_

#include <ostream>
#include <string>
#include <vector>

#include "sim/result.h"
#include "sim/scenario.h"

namespace lb::cli {

// A planner's runs, one for each seed.
struct PlannerRuns {
  std::string planner;
  std::vector<sim::RunResult> runs;
};

// A line about the scenario, a row for each planner with medians over its runs,
// how they compare with `static` and `rsspp` where these are there, and the
// first run's imbalance over time. Requires one planner and one run at least.
void PrintSimulationTable(const sim::Scenario& scenario,
                          const std::vector<PlannerRuns>& planners,
                          std::ostream& out);

// One object: scenario, queue, and for each planner its runs, with every second
// and plan, and the medians of their figures.
void PrintSimulationJson(const sim::Scenario& scenario,
                         const std::vector<PlannerRuns>& planners,
                         std::ostream& out);

}  // namespace lb::cli

#endif  // LB_CLI_SIMULATE_OUTPUT_H_
