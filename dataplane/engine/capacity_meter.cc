#include "dataplane/engine/capacity_meter.h"

#include <algorithm>
#include <utility>

namespace lb::dataplane {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
// Just under half a second: intervals of half a second jitter.
constexpr std::int64_t kLeastWallNs = kSecondNs * 45 / 100;
constexpr std::int64_t kLeastAwakeNs = 1'000'000;
constexpr std::int64_t kWholePermille = 850;
constexpr std::int64_t kRisePermille = 10;  // a second

}  // namespace

std::uint32_t CapacityMeter::Update(const Interval& interval) {
  sum_.wall_ns += interval.wall_ns;
  sum_.sleep_ns += interval.sleep_ns;
  sum_.cpu_ns += interval.cpu_ns;
  sum_.saturated = sum_.saturated && interval.saturated;
  if (sum_.wall_ns < kLeastWallNs) return permille_;
  const Interval whole = std::exchange(sum_, Interval());
  if (whole.wall_ns - whole.sleep_ns >= kLeastAwakeNs) {
    permille_ = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(Measure(whole), 1, limit_permille_));
  }
  return permille_;
}

std::int64_t CapacityMeter::Measure(const Interval& interval) const {
  const std::int64_t awake_ns = interval.wall_ns - interval.sleep_ns;
  const std::int64_t got = interval.cpu_ns * 1'000 / interval.wall_ns;
  std::int64_t measured = interval.cpu_ns * 1'000 / awake_ns;
  if (measured >= kWholePermille && !interval.saturated) measured = 1'000;
  const std::int64_t rise =
      std::max(kRisePermille * interval.wall_ns / kSecondNs, std::int64_t{1});
  return std::max(got, std::min(measured, permille_ + rise));
}

}  // namespace lb::dataplane
