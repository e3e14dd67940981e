#include "agent/report_merger.h"

#include <cmath>
#include <random>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::agent {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

SampleStatistics Of(const std::vector<double>& x) {
  SampleStatistics s;
  s.count = x.size();
  for (double v : x) s.mean += v / static_cast<double>(x.size());
  double squares = 0;
  double products = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    squares += (x[i] - s.mean) * (x[i] - s.mean);
    if (i > 0) products += (x[i] - s.mean) * (x[i - 1] - s.mean);
  }
  if (x.size() > 1) {
    s.standard_deviation =
        std::sqrt(squares / static_cast<double>(x.size() - 1));
  }
  if (x.size() > 2 && squares > 0) s.lag1_autocorrelation = products / squares;
  return s;
}

// Pooled statistics against those of all the samples in one row.
TEST(Pool, AgreesWithOneLongInterval) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<double> all;
    double x = 0;
    for (int i = 0; i < 2'000; ++i) {
      x = 0.6 * x + noise(random);
      all.push_back((i < 700 ? 0.3 : 0.5) + x);
    }
    const auto middle = all.begin() + 700;
    const SampleStatistics pooled =
        Pool(Of({all.begin(), middle}), Of({middle, all.end()}));
    const SampleStatistics whole = Of(all);
    EXPECT_EQ(pooled.count, whole.count);
    EXPECT_NEAR(pooled.mean, whole.mean, 1e-12);
    EXPECT_NEAR(pooled.standard_deviation, whole.standard_deviation, 1e-12);
    EXPECT_NEAR(pooled.lag1_autocorrelation, whole.lag1_autocorrelation, 5e-3);
  }
}

TEST(Pool, NothingAddsNothing) {
  const SampleStatistics some = Of({0.1, 0.4, 0.2, 0.9});
  for (const SampleStatistics& s :
       {Pool(some, SampleStatistics()), Pool(SampleStatistics(), some)}) {
    EXPECT_EQ(s.count, 4u);
    EXPECT_EQ(s.mean, some.mean);
    EXPECT_EQ(s.standard_deviation, some.standard_deviation);
    EXPECT_EQ(s.lag1_autocorrelation, some.lag1_autocorrelation);
  }
  EXPECT_EQ(Pool(Of({1}), Of({1})).standard_deviation, 0);
}

BucketLoad Bucket(std::uint32_t bucket, std::uint64_t load,
                  std::uint64_t packets, std::uint32_t connections) {
  return {BucketId(bucket), load, packets, connections, false};
}

Report MakeReport(seconds start, seconds end) {
  Report report;
  report.term = Term(1);
  report.epoch = Epoch(2);
  report.sample.start = start;
  report.sample.end = end;
  report.sample.table_start = report.sample.table_end = Digest(5);
  report.sample.processors.resize(2);
  report.sample.dispatchers.resize(1);
  return report;
}

TEST(Merge, AddsCountsAndWeighsRatesByTime) {
  Report a = MakeReport(seconds(10), seconds(11));
  a.sample.processors[1].busy = nanoseconds(100);
  a.sample.processors[1].packets = 7;
  a.sample.processors[1].backlog_packets = 3;
  a.sample.processors[1].capacity_permille = 900;
  a.sample.dispatchers[0] = {nanoseconds(40), 8};
  a.sample.counters.served = 100;
  a.sample.buckets = {Bucket(9, 400, 4, 1), Bucket(2, 1'000, 10, 3)};
  a.sample.buckets[1].lower_bound = true;
  Report b = MakeReport(seconds(11), seconds(14));
  b.sample.processors[1].busy = nanoseconds(50);
  b.sample.processors[1].packets = 5;
  b.sample.processors[1].backlog_packets = 1;
  b.sample.processors[1].capacity_permille = 800;
  b.sample.dispatchers[0] = {nanoseconds(2), 1};
  b.sample.counters.served = 130;
  b.sample.buckets = {Bucket(2, 2'000, 20, 2), Bucket(4, 800, 1, 1)};

  const Report merged = Merge(a, b);
  EXPECT_EQ(merged.merged, 1u);
  EXPECT_EQ(merged.sample.start, seconds(10));
  EXPECT_EQ(merged.sample.end, seconds(14));
  EXPECT_EQ(merged.sample.table_start, Digest(5));
  EXPECT_EQ(merged.sample.processors[1].busy, nanoseconds(150));
  EXPECT_EQ(merged.sample.processors[1].packets, 12u);
  EXPECT_EQ(merged.sample.processors[1].backlog_packets, 1u);
  EXPECT_EQ(merged.sample.processors[1].capacity_permille, 800u);
  EXPECT_EQ(merged.sample.dispatchers[0].busy, nanoseconds(42));
  EXPECT_EQ(merged.sample.dispatchers[0].packets, 9u);
  EXPECT_EQ(merged.sample.counters.served, 130u);
  const auto& buckets = merged.sample.buckets;
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[0].bucket, BucketId(2));
  EXPECT_EQ(buckets[0].load_ns_per_s, 1'750u);  // (1 s x 1000 + 3 s x 2000) / 4
  EXPECT_EQ(buckets[0].packets, 30u);
  EXPECT_EQ(buckets[0].connections, 2u);
  EXPECT_TRUE(buckets[0].lower_bound);
  EXPECT_EQ(buckets[1].bucket, BucketId(4));
  EXPECT_EQ(buckets[1].load_ns_per_s, 600u);
  EXPECT_EQ(buckets[2].bucket, BucketId(9));
  EXPECT_EQ(buckets[2].load_ns_per_s, 100u);
  EXPECT_EQ(buckets[2].connections, 0u);  // none at the end
  EXPECT_EQ(Merge(merged, b).merged, 2u);
}

TEST(Mergeable, OnlyWithinOneTableAndPlan) {
  const Report a = MakeReport(seconds(1), seconds(2));
  EXPECT_TRUE(Mergeable(a, a));
  Report other = a;
  other.sample.table_end = Digest(6);
  EXPECT_FALSE(Mergeable(a, other));
  EXPECT_FALSE(Mergeable(other, a));
  other = a;
  other.sample.table_start = other.sample.table_end = Digest(6);
  EXPECT_FALSE(Mergeable(a, other));
  other = a;
  other.epoch = Epoch(3);
  EXPECT_FALSE(Mergeable(a, other));
}

}  // namespace
}  // namespace lb::agent
