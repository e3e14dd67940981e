#include "controller/core/roll_up.h"

#include <algorithm>
#include <cmath>

#include "balance/host_load.h"

namespace lb::controller {
namespace {

void Add(const ProcessorSum& part, ProcessorSum& sum) {
  sum.busy += part.busy;
  sum.capacity += part.capacity;
  sum.packets += part.packets;
  sum.max_utilization_permille =
      std::max(sum.max_utilization_permille, part.max_utilization_permille);
}

ProcessorSum SumOf(const ProcessorLoad& load,
                   std::chrono::nanoseconds interval) {
  ProcessorSum sum{.busy = load.busy, .packets = load.packets};
  if (!load.in_service) return sum;
  sum.capacity = interval * load.capacity_permille / 1'000;
  // A sliver, as is left where a plan was applied, tells nothing of how busy
  // the processor was.
  if (sum.capacity.count() <= 0 ||
      interval < balance::HostLoad::kShortestReport) {
    return sum;
  }
  constexpr double kMost = 1e6;  // what no processor can have been
  const double permille = 1e3 * static_cast<double>(load.busy.count()) /
                          static_cast<double>(sum.capacity.count());
  sum.max_utilization_permille =
      static_cast<std::uint32_t>(std::lround(std::clamp(permille, 0.0, kMost)));
  return sum;
}

}  // namespace

WallTime StartOf(RollUpPeriod period, WallTime time) {
  if (period == RollUpPeriod::kMinute) {
    return std::chrono::floor<std::chrono::minutes>(time);
  }
  return std::chrono::floor<std::chrono::hours>(time);
}

void AddReport(const ProcessorSample& report, LoadRollUp& sum) {
  sum.interval += report.interval;
  ++sum.reports;
  const std::size_t count = report.processors.size();
  if (sum.processors.size() < count) sum.processors.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Add(SumOf(report.processors[i], report.interval), sum.processors[i]);
  }
}

void AddRollUp(const LoadRollUp& part, LoadRollUp& sum) {
  sum.interval += part.interval;
  sum.reports += part.reports;
  const std::size_t count = part.processors.size();
  if (sum.processors.size() < count) sum.processors.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    Add(part.processors[i], sum.processors[i]);
  }
}

}  // namespace lb::controller
