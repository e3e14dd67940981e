#include "dataplane/engine/capacity_meter.h"

#include <algorithm>

namespace lb::dataplane {

std::uint32_t CapacityMeter::Update(const Interval& interval) {
  constexpr std::int64_t kLeastAwakeNs = 1'000'000;
  constexpr std::int64_t kWholePermille = 850;
  const std::int64_t awake_ns = interval.wall_ns - interval.sleep_ns;
  if (awake_ns < kLeastAwakeNs) return permille_;
  std::int64_t measured = interval.cpu_ns * 1'000 / awake_ns;
  if (measured >= kWholePermille && !interval.saturated) measured = 1'000;
  measured = std::clamp<std::int64_t>(measured, 1, limit_permille_);
  const std::int64_t rise = std::max<std::int64_t>(permille_ / 100, 1);
  permille_ = static_cast<std::uint32_t>(
      std::min<std::int64_t>(measured, permille_ + rise));
  return permille_;
}

}  // namespace lb::dataplane
