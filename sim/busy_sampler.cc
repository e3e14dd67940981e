#include "sim/busy_sampler.h"

#include <algorithm>

#include "balance/normal_distribution.h"

namespace lb::sim {

void BusySampler::CloseSlot() {
  const std::int64_t x = slot_cpu_ns_;
  if (count_ == 0) {
    first_ = x;
  } else {
    products_ += last_ * x;
  }
  last_ = x;
  sum_ += x;
  squares_ += x * x;
  ++count_;
  slot_cpu_ns_ = 0;
  slot_start_ns_ += kSampleNs;
}

void BusySampler::AdvanceTo(std::int64_t now_ns) {
  while (now_ns >= slot_start_ns_ + kSampleNs) CloseSlot();
}

void BusySampler::AddBusy(std::int64_t start_ns, std::int64_t end_ns,
                          std::uint32_t permille) {
  wall_ns_ += end_ns - start_ns;
  AdvanceTo(start_ns);
  while (start_ns < end_ns) {
    const std::int64_t until = std::min(end_ns, slot_start_ns_ + kSampleNs);
    const std::int64_t cpu_ns = (until - start_ns) * permille / 1'000;
    slot_cpu_ns_ += cpu_ns;
    cpu_ns_ += cpu_ns;
    start_ns = until;
    AdvanceTo(start_ns);
  }
}

SampleStatistics BusySampler::Finish(std::int64_t now_ns) {
  AdvanceTo(now_ns);
  SampleStatistics statistics;
  statistics.count = static_cast<std::uint64_t>(count_);
  if (count_ == 0) return statistics;
  constexpr auto kSlot = static_cast<double>(kSampleNs);
  const auto n = static_cast<double>(count_);
  const double sum = static_cast<double>(sum_) / kSlot;
  const double squares = static_cast<double>(squares_) / kSlot / kSlot;
  const double mean = sum / n;
  statistics.mean = mean;
  if (count_ < 2) return statistics;
  const double deviations = std::max(squares - n * mean * mean, 0.0);
  statistics.standard_deviation = balance::SquareRoot(deviations / (n - 1));
  if (count_ < 3 || deviations <= 1e-12 * n) return statistics;
  // Sum of (x[i] - mean)(x[i-1] - mean) for i = 2..n, multiplied out.
  const double ends = static_cast<double>(first_ + last_) / kSlot;
  const double products = static_cast<double>(products_) / kSlot / kSlot;
  const double covered =
      products - mean * (2 * sum - ends) + (n - 1) * mean * mean;
  statistics.lag1_autocorrelation = std::clamp(covered / deviations, -1.0, 1.0);
  return statistics;
}

}  // namespace lb::sim
