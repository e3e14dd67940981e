// Runs a scenario: hosts with their traffic on one side, the controller's
// decisions on the other, delays in between. Deterministic: equal arguments
// give equal results on every machine and build.
#ifndef LB_SIM_SIMULATION_H_
#define LB_SIM_SIMULATION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "balance/planner.h"
#include "balance/policy.h"
#include "sim/result.h"
#include "sim/scenario.h"

namespace lb::sim {

// `planner` null: a static table, nothing is ever planned. INVALID_ARGUMENT
// for a scenario or a policy that is not valid; else the errors of the
// scenario's capture and of the planner.
absl::StatusOr<RunResult> Simulate(const Scenario& scenario,
                                   const balance::Policy& policy,
                                   const balance::Planner* planner,
                                   std::uint64_t seed);

}  // namespace lb::sim

#endif  // LB_SIM_SIMULATION_H_
