#include "sim/simulation.h"

#include <memory>

#include "common/status.h"
#include "sim/host_run.h"
#include "sim/random.h"
#include "sim/workload.h"

namespace lb::sim {

absl::StatusOr<RunResult> Simulate(const Scenario& scenario,
                                   const balance::Policy& policy,
                                   const balance::Planner* planner,
                                   std::uint64_t seed) {
  LB_RETURN_IF_ERROR(ValidateScenario(scenario));
  LB_RETURN_IF_ERROR(balance::ValidatePolicy(policy));
  RunResult sum;
  sum.seed = seed;
  Random seeds(seed);
  for (std::uint32_t i = 0; i < scenario.hosts; ++i) {
    const std::uint64_t host_seed = seeds.Next();
    LB_ASSIGN_OR_RETURN(const std::unique_ptr<Workload> workload,
                        MakeWorkload(scenario, host_seed));
    HostRun run(scenario, policy, planner, *workload, host_seed);
    LB_RETURN_IF_ERROR(run.Run());
    const RunResult result = run.TakeResult();
    if (result.packets.arrived != result.packets.served +
                                      result.packets.dropped_total() +
                                      result.queued ||
        result.packets.reordered != 0) {
      return absl::InternalError("the simulator lost or reordered packets");
    }
    AddHost(result, sum);
  }
  return sum;
}

}  // namespace lb::sim
