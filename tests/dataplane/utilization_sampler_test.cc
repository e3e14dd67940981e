#include "dataplane/engine/utilization_sampler.h"

#include <cmath>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

// Straight from the definitions.
SampleStatistics Naive(const std::vector<double>& x) {
  SampleStatistics s;
  s.count = x.size();
  for (double v : x) s.mean += v / static_cast<double>(x.size());
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    squares += (x[i] - s.mean) * (x[i] - s.mean);
    if (i > 0) products += (x[i] - s.mean) * (x[i - 1] - s.mean);
  }
  s.standard_deviation = std::sqrt(squares / static_cast<double>(x.size() - 1));
  s.lag1_autocorrelation = products / squares;
  return s;
}

TEST(UtilizationSampler, AgreesWithTheDefinitions) {
  std::mt19937_64 random(7);
  std::vector<double> expected;
  UtilizationSampler sampler(0);
  std::int64_t carried = 0;
  for (std::int64_t slot = 0; slot < 200; ++slot) {
    carried = (carried + static_cast<std::int64_t>(random() % kSampleNs)) / 2;
    sampler.AddBusy(slot * kSampleNs + 5, slot * kSampleNs + 5 + carried,
                    carried);
    expected.push_back(static_cast<double>(carried) /
                       static_cast<double>(kSampleNs));
  }
  sampler.AdvanceTo(200 * kSampleNs);
  const SampleStatistics naive = Naive(expected);
  const SampleStatistics got = sampler.Statistics();
  EXPECT_EQ(got.count, 200u);
  EXPECT_NEAR(got.mean, naive.mean, 1e-9);
  EXPECT_NEAR(got.standard_deviation, naive.standard_deviation, 1e-9);
  EXPECT_NEAR(got.lag1_autocorrelation, naive.lag1_autocorrelation, 1e-9);
}

TEST(UtilizationSampler, SpreadsBusyTimeOverTheSlotsItCovers) {
  UtilizationSampler sampler(0);
  // Half busy from the middle of slot 0 to the middle of slot 2.
  sampler.AddBusy(kSampleNs / 2, kSampleNs * 5 / 2, kSampleNs);
  sampler.AdvanceTo(3 * kSampleNs);
  const SampleStatistics s = sampler.Statistics();
  EXPECT_EQ(s.count, 3u);
  EXPECT_NEAR(s.mean, 1.0 / 3, 1e-9);  // 0.25, 0.5, 0.25
  EXPECT_NEAR(s.standard_deviation, std::sqrt((2.0 / 144 + 1.0 / 36) / 2),
              1e-9);
  EXPECT_EQ(sampler.busy_ns(), kSampleNs);
}

TEST(UtilizationSampler, UnfinishedSlotsCountInNoSample) {
  UtilizationSampler sampler(0);
  sampler.AddBusy(0, kSampleNs / 2, kSampleNs / 2);
  EXPECT_EQ(sampler.Statistics().count, 0u);
  EXPECT_EQ(sampler.busy_ns(), kSampleNs / 2);
}

TEST(UtilizationSampler, ConstantLoadHasNoDeviation) {
  UtilizationSampler sampler(0);
  sampler.AddBusy(0, 100 * kSampleNs, 30 * kSampleNs);
  sampler.AdvanceTo(100 * kSampleNs);
  const SampleStatistics s = sampler.Statistics();
  EXPECT_NEAR(s.mean, 0.3, 1e-6);
  EXPECT_NEAR(s.standard_deviation, 0, 1e-6);
  EXPECT_EQ(s.lag1_autocorrelation, 0);
}

TEST(UtilizationSampler, RestartForgets) {
  UtilizationSampler sampler(0);
  sampler.AddBusy(0, 4 * kSampleNs, 4 * kSampleNs);
  sampler.Restart(10 * kSampleNs);
  EXPECT_EQ(sampler.busy_ns(), 0);
  sampler.AdvanceTo(12 * kSampleNs);
  EXPECT_EQ(sampler.Statistics().count, 2u);
  EXPECT_EQ(sampler.Statistics().mean, 0);
}

}  // namespace
}  // namespace lb::dataplane
