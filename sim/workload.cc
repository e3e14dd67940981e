#include "sim/workload.h"

#include <chrono>

#include "sim/distributions.h"
#include "sim/random_workload.h"

namespace lb::sim {

std::uint32_t DrawServiceNs(const Scenario& scenario, Random& random) {
  const std::int64_t mean_ns =
      std::chrono::nanoseconds(scenario.service).count();
  if (scenario.service_times == ServiceTimes::kFixed) {
    return static_cast<std::uint32_t>(mean_ns);
  }
  const double rest = static_cast<double>(mean_ns - 1);
  return static_cast<std::uint32_t>(rest * ExponentialVariate(random) + 1.5);
}

absl::StatusOr<std::unique_ptr<Workload>> MakeWorkload(const Scenario& scenario,
                                                       std::uint64_t seed) {
  if (!scenario.capture.empty()) return MakeCaptureWorkload(scenario, seed);
  return std::make_unique<RandomWorkload>(scenario, seed);
}

}  // namespace lb::sim
