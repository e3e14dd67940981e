#include "sim/scenario.h"

#include <bit>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/table.h"

namespace lb::sim {
namespace {

// 3e7 packets a second and an hour are affordable, just.
constexpr std::int64_t kMostPackets = 20'000'000'000;

absl::Status InRange(std::string_view key, std::int64_t value, std::int64_t low,
                     std::int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(ToAbsl(key), " is ", value, "; use ", low, " to ", high));
}

absl::Status ValidateHost(const Scenario& s) {
  LB_RETURN_IF_ERROR(InRange("hosts", s.hosts, 1, 100));
  LB_RETURN_IF_ERROR(InRange("processors", s.processors, 1, 256));
  LB_RETURN_IF_ERROR(InRange("buckets", s.buckets, kMinBuckets, kMaxBuckets));
  if (!std::has_single_bit(s.buckets)) {
    return absl::InvalidArgumentError(
        absl::StrCat("buckets is ", s.buckets, "; use a power of two"));
  }
  LB_RETURN_IF_ERROR(
      InRange("duration_ms", s.duration.count(), 1'000, 86'400'000));
  LB_RETURN_IF_ERROR(
      InRange("ignored_ms", s.ignored.count(), 0, s.duration.count() - 1));
  LB_RETURN_IF_ERROR(InRange("quantum_us", s.quantum.count(), 1, 100'000));
  LB_RETURN_IF_ERROR(InRange("buffer_packets", s.buffer_packets, 1, 65'536));
  LB_RETURN_IF_ERROR(InRange("service_us", s.service.count(), 1, 1'000'000));
  LB_RETURN_IF_ERROR(
      InRange("report_delay_ms", s.report_delay.count(), 0, 60'000));
  LB_RETURN_IF_ERROR(
      InRange("apply_delay_ms", s.apply_delay.count(), 0, 60'000));
  return InRange("pause_us", s.pause.count(), 0, 1'000'000);
}

absl::Status ValidateTraffic(const Scenario& s) {
  LB_RETURN_IF_ERROR(InRange("load_permille", s.load_permille, 1, 10'000));
  LB_RETURN_IF_ERROR(InRange("connections", s.connections, 1, 1'000'000));
  LB_RETURN_IF_ERROR(
      InRange("exponent_permille", s.exponent_permille, 1, 10'000));
  LB_RETURN_IF_ERROR(InRange("lifetime_ms", s.lifetime.count(), 0, 86'400'000));
  LB_RETURN_IF_ERROR(
      InRange("elephant_permille", s.elephant_permille, 0, 1'000));
  LB_RETURN_IF_ERROR(InRange("wave_permille", s.wave_permille, 0, 1'000));
  LB_RETURN_IF_ERROR(InRange("wave_period_ms", s.wave_period.count(),
                             s.wave_permille > 0 ? 2 : 0, 86'400'000));
  LB_RETURN_IF_ERROR(InRange("noise_permille", s.noise_permille, 0, 1'000));
  LB_RETURN_IF_ERROR(InRange("noise_correlation_permille",
                             s.noise_correlation_permille, 0, 990));
  const std::int64_t packets = s.duration.count() * 1'000 / s.service.count() *
                               s.processors * s.load_permille / 1'000;
  if (packets > kMostPackets) {
    return absl::InvalidArgumentError(
        absl::StrCat("duration_ms and service_us make ", packets,
                     " packets; use at most ", kMostPackets));
  }
  return absl::OkStatus();
}

absl::Status ValidateHappening(const Scenario& s, const Happening& h) {
  LB_RETURN_IF_ERROR(InRange("at_ms", h.at.count(), 0, s.duration.count()));
  switch (h.kind) {
    case HappeningKind::kFlashCrowd:
      LB_RETURN_IF_ERROR(InRange("until_ms", h.until.count(), h.at.count() + 1,
                                 s.duration.count()));
      LB_RETURN_IF_ERROR(InRange("connections", h.connections, 1, 1'000'000));
      return InRange("permille", h.permille, 1, 10'000);
    case HappeningKind::kCapacity:
      LB_RETURN_IF_ERROR(InRange("permille", h.permille, 1, 1'000));
      break;
    default:
      break;
  }
  return InRange("processor", h.processor, 0, s.processors - 1);
}

}  // namespace

std::string_view QueueName(QueueKind kind) {
  return kind == QueueKind::kFair ? "fair" : "fifo";
}

absl::Status ValidateScenario(const Scenario& scenario) {
  LB_RETURN_IF_ERROR(ValidateHost(scenario));
  LB_RETURN_IF_ERROR(ValidateTraffic(scenario));
  for (std::size_t i = 0; i < scenario.happenings.size(); ++i) {
    if (absl::Status status =
            ValidateHappening(scenario, scenario.happenings[i]);
        !status.ok()) {
      return Annotate(status, absl::StrCat("happening ", i + 1));
    }
  }
  return absl::OkStatus();
}

}  // namespace lb::sim
