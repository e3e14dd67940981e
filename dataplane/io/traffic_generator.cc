#include "dataplane/io/traffic_generator.h"

#include "common/status.h"
#include "dataplane/io/frame_writer.h"

namespace lb::dataplane {

absl::StatusOr<std::unique_ptr<TrafficGenerator>> TrafficGenerator::Create(
    const TrafficOptions& options, Timing timing) {
  LB_RETURN_IF_ERROR(ValidateTraffic(options));
  return std::unique_ptr<TrafficGenerator>(
      new TrafficGenerator(options, timing));
}

TrafficGenerator::TrafficGenerator(const TrafficOptions& options, Timing timing)
    : options_(options), model_(options), pacer_(timing) {}

std::size_t TrafficGenerator::Receive(std::span<Packet* const> packets) {
  const std::chrono::nanoseconds now =
      options_.rate > 0 ? pacer_.Elapsed() : std::chrono::nanoseconds(0);
  std::size_t received = 0;
  while (received < packets.size() && !exhausted() && NextDue() <= now) {
    WriteFrame(model_.Next(), options_.bytes, sent_, *packets[received]);
    ++received;
    ++sent_;
  }
  return received;
}

std::chrono::nanoseconds TrafficGenerator::NextDue() const {
  if (options_.rate <= 0) return std::chrono::nanoseconds(0);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(
      static_cast<double>(sent_) * 1e9 / options_.rate));
}

bool TrafficGenerator::exhausted() const {
  return options_.packets > 0 && sent_ >= options_.packets;
}

void TrafficGenerator::Wait(std::chrono::nanoseconds limit) {
  if (exhausted()) {
    pacer_.SleepUntil(std::nullopt, limit);
  } else {
    pacer_.SleepUntil(NextDue(), limit);
  }
}

}  // namespace lb::dataplane
