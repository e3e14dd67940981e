#include "sim/latency_histogram.h"

namespace lb::sim {

LatencyHistogram::LatencyHistogram()
    : counts_(static_cast<std::size_t>(kOctaves + 1) << kBits, 0) {}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    counts_[c] += other.counts_[c];
  }
  sum_ns_ += other.sum_ns_;
}

std::uint64_t LatencyHistogram::count() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : counts_) sum += n;
  return sum;
}

double LatencyHistogram::Mean() const {
  const std::uint64_t all = count();
  return all == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(all);
}

std::int64_t LatencyHistogram::Quantile(std::uint32_t permille) const {
  const std::uint64_t all = count();
  if (all == 0) return 0;
  const std::uint64_t wanted = (all * permille + 999) / 1'000;
  std::uint64_t seen = 0;
  for (std::size_t c = 0; c < counts_.size(); ++c) {
    seen += counts_[c];
    if (seen >= wanted && seen > 0) return HighestOf(c);
  }
  return static_cast<std::int64_t>(kMost);
}

std::int64_t LatencyHistogram::HighestOf(std::size_t c) {
  constexpr std::size_t kClasses = std::size_t{1} << kBits;
  if (c < kClasses) return static_cast<std::int64_t>(c);
  const std::size_t shift = (c >> kBits) - 1;
  const std::uint64_t top = c - (shift << kBits);
  return static_cast<std::int64_t>(((top + 1) << shift) - 1);
}

}  // namespace lb::sim
