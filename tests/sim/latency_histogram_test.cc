#include "sim/latency_histogram.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random.h"

namespace lb::sim {
namespace {

TEST(LatencyHistogram, IsExactForSmallLatencies) {
  LatencyHistogram histogram;
  for (int ns = 0; ns < 128; ++ns) histogram.Add(ns);
  EXPECT_EQ(histogram.count(), 128U);
  EXPECT_EQ(histogram.Quantile(500), 63);
  EXPECT_EQ(histogram.Quantile(1'000), 127);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 63.5);
}

TEST(LatencyHistogram, EmptyIsNothing) {
  EXPECT_EQ(LatencyHistogram().Quantile(950), 0);
  EXPECT_EQ(LatencyHistogram().Mean(), 0);
}

TEST(LatencyHistogram, IsNearTheExactQuantile) {
  Random random(1);
  LatencyHistogram histogram;
  std::vector<std::int64_t> all;
  for (int i = 0; i < 50'000; ++i) {
    // Over all magnitudes.
    const auto ns =
        static_cast<std::int64_t>(random.Next() >> (24 + random.Below(38)));
    all.push_back(ns);
    histogram.Add(ns);
  }
  std::sort(all.begin(), all.end());
  for (const std::uint32_t permille : {1U, 10U, 500U, 950U, 990U, 1'000U}) {
    const std::int64_t exact = all[(all.size() * permille + 999) / 1'000 - 1];
    const std::int64_t answer = histogram.Quantile(permille);
    EXPECT_GE(answer, exact) << permille;
    EXPECT_LE(answer, exact + exact / 64) << permille;
  }
}

TEST(LatencyHistogram, MergesAndClips) {
  LatencyHistogram a;
  LatencyHistogram b;
  a.Add(10);
  b.Add(20);
  b.Add(std::int64_t{1} << 50);
  b.Add(-5);  // counts as 0
  a.Merge(b);
  EXPECT_EQ(a.count(), 4U);
  EXPECT_EQ(a.Quantile(250), 0);
  EXPECT_EQ(a.Quantile(500), 10);
  EXPECT_EQ(a.Quantile(750), 20);
  EXPECT_EQ(a.Quantile(1'000), (std::int64_t{1} << 41) - 1);
}

}  // namespace
}  // namespace lb::sim
