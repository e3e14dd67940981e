// Reports added up to minutes and hours. Sums are exact, so that it does not
// matter in which order or in which parts they are made. Pure.
#ifndef LB_CONTROLLER_CORE_ROLL_UP_H_
#define LB_CONTROLLER_CORE_ROLL_UP_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/core/records.h"

namespace lb::controller {

enum class RollUpPeriod { kMinute, kHour };

// One processor over several reports.
struct ProcessorSum {
  std::chrono::nanoseconds busy{0};
  // CPU time it could have used: its capacity while it was in service.
  std::chrono::nanoseconds capacity{0};
  std::uint64_t packets = 0;
  // Highest of one report, of its capacity; only while in service.
  std::uint32_t max_utilization_permille = 0;
};

// The reports of one host that ended within a period.
struct LoadRollUp {
  std::string host;
  WallTime time;  // the period's start
  // Sum over the reports. It is not the period's length if a report began
  // before it, some are missing, or the controller's clock was set.
  std::chrono::nanoseconds interval{0};
  std::uint64_t reports = 0;
  std::vector<ProcessorSum> processors{};  // by ProcessorId
};

// Start of the period that `time` is in, in UTC.
WallTime StartOf(RollUpPeriod period, WallTime time);

// Host and time of `sum` stay as they are.
void AddReport(const ProcessorSample& report, LoadRollUp& sum);
void AddRollUp(const LoadRollUp& part, LoadRollUp& sum);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_ROLL_UP_H_
