#include "controller/rpc/convert_load.h"

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

}  // namespace

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

}  // namespace lb::controller
