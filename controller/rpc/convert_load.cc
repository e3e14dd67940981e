#include "controller/rpc/convert_load.h"

#include <chrono>
#include <cmath>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lb::controller {
namespace {

void FillProcessorLoad(const ProcessorLoad& load, v1::ProcessorLoad& message) {
  message.set_busy_ns(static_cast<std::uint64_t>(load.busy.count()));
  message.set_capacity_permille(load.capacity_permille);
  message.set_sample_count(load.samples.count);
  message.set_sample_mean(load.samples.mean);
  message.set_sample_standard_deviation(load.samples.standard_deviation);
  message.set_sample_lag1_autocorrelation(load.samples.lag1_autocorrelation);
  message.set_in_service(load.in_service);
  message.set_stalled(load.stalled);
  message.set_packets(load.packets);
  message.set_backlog_packets(load.backlog_packets);
}

// The mean over `interval`.
std::uint32_t CapacityPermille(const ProcessorSum& sum,
                               std::chrono::nanoseconds interval) {
  if (interval.count() <= 0) return 0;
  return static_cast<std::uint32_t>(
      std::lround(1e3 * static_cast<double>(sum.capacity.count()) /
                  static_cast<double>(interval.count())));
}

}  // namespace

absl::StatusOr<std::optional<RollUpPeriod>> RollUpPeriodFrom(
    v1::Resolution resolution) {
  switch (resolution) {
    case v1::RESOLUTION_UNSPECIFIED:
    case v1::RESOLUTION_REPORT:
      return std::nullopt;
    case v1::RESOLUTION_MINUTE:
      return RollUpPeriod::kMinute;
    case v1::RESOLUTION_HOUR:
      return RollUpPeriod::kHour;
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "resolution is ", static_cast<int>(resolution),
          "; use RESOLUTION_REPORT, RESOLUTION_MINUTE or RESOLUTION_HOUR"));
  }
}

void FillLoad(const ProcessorSample& sample, v1::Load& message) {
  message.set_host(absl::StrCat("hosts/", sample.host));
  *message.mutable_time() = TimestampOf(sample.time);
  message.set_interval_ns(static_cast<std::uint64_t>(sample.interval.count()));
  message.set_term(sample.term.value());
  message.set_epoch(sample.epoch.value());
  for (const ProcessorLoad& load : sample.processors) {
    FillProcessorLoad(load, *message.add_processors());
  }
}

void FillLoad(const LoadRollUp& roll_up, v1::Load& message) {
  message.set_host(absl::StrCat("hosts/", roll_up.host));
  *message.mutable_time() = TimestampOf(roll_up.time);
  message.set_interval_ns(static_cast<std::uint64_t>(roll_up.interval.count()));
  message.set_reports(roll_up.reports);
  for (const ProcessorSum& sum : roll_up.processors) {
    v1::ProcessorLoad& processor = *message.add_processors();
    processor.set_busy_ns(static_cast<std::uint64_t>(sum.busy.count()));
    processor.set_capacity_permille(CapacityPermille(sum, roll_up.interval));
    processor.set_in_service(sum.capacity.count() > 0);
    processor.set_packets(sum.packets);
    message.add_max_utilization_permille(sum.max_utilization_permille);
  }
}

}  // namespace lb::controller
