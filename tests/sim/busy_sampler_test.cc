#include "sim/busy_sampler.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

constexpr std::int64_t kMs = 1'000'000;

// The definitions, over all samples at once.
SampleStatistics Naive(const std::vector<double>& x) {
  SampleStatistics s;
  s.count = x.size();
  for (const double v : x) s.mean += v / static_cast<double>(x.size());
  double deviations = 0;
  double products = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    deviations += (x[i] - s.mean) * (x[i] - s.mean);
    if (i > 0) products += (x[i] - s.mean) * (x[i - 1] - s.mean);
  }
  s.standard_deviation =
      std::sqrt(deviations / static_cast<double>(x.size() - 1));
  s.lag1_autocorrelation = products / deviations;
  return s;
}

TEST(BusySampler, HasTheStatisticsOfItsSamples) {
  const std::vector<double> parts = {0.1, 0.5, 0.4, 0, 0, 1, 0.9, 0.2, 0.3};
  BusySampler sampler(0);
  std::int64_t start = 0;
  for (const double part : parts) {
    sampler.AddBusy(start + kMs / 2,
                    start + kMs / 2 + static_cast<std::int64_t>(part * 9e6),
                    1'000);
    start += kSampleNs;
  }
  std::vector<double> samples;
  for (const double part : parts) samples.push_back(part * 0.9);
  const SampleStatistics expected = Naive(samples);
  const SampleStatistics s = sampler.Finish(start + 3 * kMs);
  EXPECT_EQ(s.count, expected.count);
  EXPECT_NEAR(s.mean, expected.mean, 1e-6);
  EXPECT_NEAR(s.standard_deviation, expected.standard_deviation, 1e-6);
  EXPECT_NEAR(s.lag1_autocorrelation, expected.lag1_autocorrelation, 1e-5);
}

TEST(BusySampler, SpreadsALongStretchOverItsSlots) {
  BusySampler sampler(5 * kMs);
  sampler.AddBusy(10 * kMs, 40 * kMs, 200);  // slots end at 15, 25, 35, 45
  const SampleStatistics s = sampler.Finish(45 * kMs);
  EXPECT_EQ(s.count, 4U);
  EXPECT_NEAR(s.mean, (0.1 + 0.2 + 0.2 + 0.1) / 4, 1e-12);
  EXPECT_EQ(sampler.cpu_ns(), 6 * kMs);
  EXPECT_EQ(sampler.wall_ns(), 30 * kMs);
}

TEST(BusySampler, CountsNoUnfinishedSlot) {
  BusySampler sampler(0);
  sampler.AddBusy(0, 4 * kMs, 1'000);
  EXPECT_EQ(sampler.Finish(9 * kMs).count, 0U);
  EXPECT_EQ(sampler.cpu_ns(), 4 * kMs);
}

}  // namespace
}  // namespace lb::sim
