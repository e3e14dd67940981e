#include "balance/thresholds.h"

#include <algorithm>

namespace lb::balance {
namespace {

constexpr double kLeftAtTrigger = 0.5;
constexpr double kLeftAtTarget = 0.9;

// The imbalance at which the busiest processor has `left` of what the mean one
// has left, within a third of `permille`'s distance from even and `permille`.
std::uint32_t Tightened(std::uint32_t permille, double left,
                        double utilization) {
  if (utilization <= 0) return permille;
  const double imbalance = left + (1 - left) / utilization;
  const std::uint32_t tightest = 1'000 + (permille - 1'000) / 3;
  return std::clamp(
      static_cast<std::uint32_t>(std::clamp(imbalance, 1.0, 1'000.0) * 1'000),
      tightest, permille);
}

}  // namespace

Thresholds ThresholdsAt(const Policy& policy, double system_utilization) {
  return {.trigger_permille = Tightened(policy.trigger_permille, kLeftAtTrigger,
                                        system_utilization),
          .target_permille = Tightened(policy.target_permille, kLeftAtTarget,
                                       system_utilization)};
}

}  // namespace lb::balance
