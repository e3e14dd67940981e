#include "dataplane/engine/utilization_sampler.h"

#include <algorithm>
#include <cmath>

namespace lb::dataplane {

void UtilizationSampler::Restart(std::int64_t start_ns) {
  *this = UtilizationSampler();
  slot_start_ns_ = start_ns;
}

void UtilizationSampler::CloseSlot() {
  const double x = static_cast<double>(std::min(slot_busy_ns_, kSampleNs)) /
                   static_cast<double>(kSampleNs);
  if (count_ == 0) {
    first_ = x;
  } else {
    products_ += last_ * x;
  }
  last_ = x;
  sum_ += x;
  squares_ += x * x;
  ++count_;
  slot_busy_ns_ = 0;
  slot_start_ns_ += kSampleNs;
}

void UtilizationSampler::AdvanceTo(std::int64_t now_ns) {
  while (now_ns >= slot_start_ns_ + kSampleNs) CloseSlot();
}

void UtilizationSampler::AddBusy(std::int64_t start_ns, std::int64_t end_ns,
                                 std::int64_t busy_ns) {
  busy_ns_ += busy_ns;
  AdvanceTo(start_ns);
  while (end_ns > slot_start_ns_ + kSampleNs) {
    const std::int64_t slot_end_ns = slot_start_ns_ + kSampleNs;
    const std::int64_t part =
        busy_ns * (slot_end_ns - start_ns) / (end_ns - start_ns);
    slot_busy_ns_ += part;
    busy_ns -= part;
    start_ns = slot_end_ns;
    CloseSlot();
  }
  slot_busy_ns_ += busy_ns;
}

SampleStatistics UtilizationSampler::Statistics() const {
  SampleStatistics statistics;
  statistics.count = count_;
  if (count_ == 0) return statistics;
  const double n = static_cast<double>(count_);
  const double mean = sum_ / n;
  statistics.mean = mean;
  const double deviations = std::max(squares_ - n * mean * mean, 0.0);
  if (count_ < 2) return statistics;
  statistics.standard_deviation = std::sqrt(deviations / (n - 1));
  if (count_ < 3 || deviations <= 1e-12 * n) return statistics;
  // Sum of (x[i] - mean)(x[i-1] - mean) for i = 2..n, multiplied out.
  const double covered = products_ - mean * ((sum_ - first_) + (sum_ - last_)) +
                         (n - 1) * mean * mean;
  statistics.lag1_autocorrelation = std::clamp(covered / deviations, -1.0, 1.0);
  return statistics;
}

}  // namespace lb::dataplane
