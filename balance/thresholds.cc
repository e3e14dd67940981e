#include "balance/thresholds.h"

#include <algorithm>

namespace lb::balance {
namespace {

constexpr double kLeftAtTrigger = 0.5;
constexpr double kLeftAtTarget = 0.9;

// The multiple of the lowest maximum at which `left` is left of what that
// leaves, within a third of `permille`'s distance from even and `permille`.
std::uint32_t Tightened(std::uint32_t permille, double left,
                        double lowest_maximum) {
  if (lowest_maximum <= 0) return permille;
  const double imbalance = left + (1 - left) / lowest_maximum;
  const std::uint32_t tightest = 1'000 + (permille - 1'000) / 3;
  return std::clamp(
      static_cast<std::uint32_t>(std::clamp(imbalance, 1.0, 1'000.0) * 1'000),
      tightest, permille);
}

}  // namespace

Thresholds ThresholdsAt(const Policy& policy, double lowest_maximum) {
  Thresholds at;
  at.trigger_permille =
      Tightened(policy.trigger_permille, kLeftAtTrigger, lowest_maximum);
  at.target_permille =
      Tightened(policy.target_permille, kLeftAtTarget, lowest_maximum);
  at.tolerated_permille =
      at.target_permille + (at.trigger_permille - at.target_permille) * 2 / 3;
  return at;
}

}  // namespace lb::balance
