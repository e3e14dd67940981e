#include "balance/host_load.h"

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::balance {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::uint64_t kMs = 1'000'000;

Layout TestLayout() {
  return {64, HashKind::kSipHash, "k", {{0, 1'000}, {1, 1'000}}};
}

// One second under `table`; busy times in ms, loads of bucket 0 and 1 in ms/s.
LoadSample Report(const Table& table, int busy0, int busy1, std::uint64_t load0,
                  std::uint64_t load1) {
  LoadSample r;
  r.end = seconds(1);
  r.table_start = r.table_end = ComputeDigest(table);
  for (int busy : {busy0, busy1}) {
    ProcessorLoad p;
    p.busy = milliseconds(busy);
    p.samples = {100, busy / 1'000.0, 0.01, 0.1};
    r.processors.push_back(p);
  }
  r.buckets = {
      {.bucket = BucketId(0), .load_ns_per_s = load0 * kMs, .connections = 3},
      {.bucket = BucketId(1), .load_ns_per_s = load1 * kMs}};
  return r;
}

class HostLoadTest : public ::testing::Test {
 protected:
  const Table table_ = DealRoundRobin(TestLayout());
  HostLoad load_{TestLayout(), table_, seconds(3)};
};

TEST_F(HostLoadTest, KnowsNothingAtFirst) {
  const HostMeasurement m = load_.Measure();
  EXPECT_FALSE(m.current_table);
  EXPECT_EQ(m.processors[0].samples.count, 0u);
  EXPECT_EQ(m.processors[0].buckets, 32u);
  EXPECT_EQ(m.bound, 1);
}

TEST_F(HostLoadTest, WhatIsDrainedIsOutOfService) {
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  const std::vector<ProcessorId> drained = {ProcessorId(1), ProcessorId(9)};
  const HostMeasurement m = load_.Measure(drained);
  EXPECT_TRUE(m.processors[0].in_service);
  EXPECT_FALSE(m.processors[1].in_service);
  EXPECT_FALSE(m.processors[1].stalled);
  // All that runs will have to run on processor 0: 800 ms, heaviest 400.
  EXPECT_EQ(m.bound, 1);
  EXPECT_FALSE(load_.MakeSnapshot(drained).processors[1].in_service);
  EXPECT_TRUE(load_.Measure().processors[1].in_service);
}

TEST_F(HostLoadTest, MeasuresOnceThereAreEnoughReports) {
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  // Derived: bucket load plus overhead, here all of what was measured.
  EXPECT_EQ(load_.BusyNsPerS()[0], 500 * kMs);
  ASSERT_TRUE(load_.AddReport(Report(table_, 600, 300, 400, 250)).ok());
  EXPECT_EQ(load_.BusyNsPerS()[0], 550 * kMs);
  const HostMeasurement m = load_.Measure();
  EXPECT_TRUE(m.current_table);
  EXPECT_EQ(m.processors[0].samples.count, 200u);
  EXPECT_NEAR(m.processors[0].samples.mean, 0.55, 1e-12);
}

TEST_F(HostLoadTest, ANewTableRestartsUtilizationsAndKeepsLoads) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  }
  Table next = table_;
  next.owner[0] = ProcessorId(1);
  load_.SetTable(next);
  EXPECT_EQ(load_.reports_of_table(), 0u);
  EXPECT_EQ(load_.Measure().processors[0].samples.count, 0u);
  EXPECT_EQ(load_.Measure().processors[0].buckets, 31u);
  // Overheads of 100 and 50, and both buckets on processor 1.
  EXPECT_EQ(load_.BusyNsPerS()[0], 100 * kMs);
  EXPECT_EQ(load_.BusyNsPerS()[1], 700 * kMs);
  const Snapshot s = load_.MakeSnapshot();
  EXPECT_EQ(s.buckets[0].owner, ProcessorId(1));
  EXPECT_EQ(s.buckets[0].load_ns_per_s, 400 * kMs);
  EXPECT_EQ(s.buckets[0].connections, 3u);
  EXPECT_EQ(s.processors[1].busy_ns_per_s, 700 * kMs);
  // The same table again changes nothing.
  ASSERT_TRUE(load_.AddReport(Report(next, 100, 700, 400, 250)).ok());
  load_.SetTable(next);
  EXPECT_EQ(load_.reports_of_table(), 1u);
}

TEST_F(HostLoadTest, ReportsOfAnotherTableTellBucketLoadsOnly) {
  LoadSample across = Report(table_, 500, 300, 400, 250);
  across.table_start = Digest(1);
  ASSERT_TRUE(load_.AddReport(across).ok());
  EXPECT_FALSE(load_.Measure().current_table);
  EXPECT_EQ(load_.reports_of_table(), 0u);
  EXPECT_EQ(load_.bucket_loads()[0], 400 * kMs);
}

// Applying a plan cuts an interval short: one busy turn in 1 ms is not a
// utilization of 100%.
TEST_F(HostLoadTest, ASliverOfAReportTellsNothingOfUtilizations) {
  LoadSample sliver = Report(table_, 1, 0, 400, 250);
  sliver.end = milliseconds(1);
  for (ProcessorLoad& p : sliver.processors) p.samples = {};
  ASSERT_TRUE(load_.AddReport(sliver).ok());
  EXPECT_EQ(load_.reports_of_table(), 0u);
  EXPECT_FALSE(load_.Measure().current_table);
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  ASSERT_TRUE(load_.AddReport(sliver).ok());
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  EXPECT_EQ(load_.reports_of_table(), 2u);
  EXPECT_EQ(load_.BusyNsPerS()[0], 500 * kMs);
  EXPECT_EQ(load_.BusyNsPerS()[1], 300 * kMs);
}

TEST_F(HostLoadTest, WeighsReportsByTheirTime) {
  LoadSample half = Report(table_, 100, 100, 0, 0);
  half.end = milliseconds(500);
  ASSERT_TRUE(load_.AddReport(half).ok());
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 200, 0, 0)).ok());
  EXPECT_EQ(load_.BusyNsPerS()[0], 400 * kMs);
  EXPECT_EQ(load_.BusyNsPerS()[1], 200 * kMs);
}

TEST_F(HostLoadTest, SeesWhatASaturatedProcessorIsOffered) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(load_.AddReport(Report(table_, 1'000, 300, 1'700, 250)).ok());
  }
  EXPECT_EQ(load_.BusyNsPerS()[0], 1'700 * kMs);
  EXPECT_EQ(load_.BusyNsPerS()[1], 300 * kMs);
  const HostMeasurement measured = load_.Measure();
  EXPECT_DOUBLE_EQ(measured.processors[0].offered, 1.7);
  EXPECT_EQ(measured.processors[1].offered, 0);
}

TEST_F(HostLoadTest, MergesTheLastReportsOnly) {
  ASSERT_TRUE(load_.AddReport(Report(table_, 100, 100, 0, 0)).ok());
  for (std::size_t i = 0; i < HostLoad::kMergedReports; ++i) {
    ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 0, 0)).ok());
  }
  EXPECT_EQ(load_.BusyNsPerS()[0], 500 * kMs);
  EXPECT_EQ(load_.Measure().processors[0].samples.count,
            100 * HostLoad::kMergedReports);
}

TEST_F(HostLoadTest, RefusesNonsenseAndSaysSo) {
  struct Case {
    std::function<void(LoadSample&)> spoil;
    const char* message;
  };
  const Case cases[] = {
      {[](LoadSample& r) { r.end = r.start; }, "report ends 0 ns after"},
      {[](LoadSample& r) { r.end = nanoseconds::max(); }, "more than a year"},
      {[](LoadSample& r) { r.processors.pop_back(); }, "1 processors"},
      {[](LoadSample& r) { r.processors[1].busy = seconds(2); },
       "processor 1 was busy for 2000000000 ns of 1000000000"},
      {[](LoadSample& r) { r.processors[1].busy = nanoseconds(-1); },
       "processor 1 was busy for -1 ns"},
      {[](LoadSample& r) { r.processors[0].capacity_permille = 0; },
       "capacity 0"},
      {[](LoadSample& r) {
         r.processors[0].samples.mean =
             std::numeric_limits<double>::quiet_NaN();
       },
       "impossible samples"},
      {[](LoadSample& r) { r.processors[0].samples.lag1_autocorrelation = 2; },
       "impossible samples"},
      {[](LoadSample& r) { r.buckets[0].bucket = BucketId(64); },
       "bucket 64 of 64"},
      {[](LoadSample& r) { r.buckets[0].load_ns_per_s = UINT64_MAX; },
       "for bucket 0"},
      {[](LoadSample& r) {
         r.processors[1].samples.mean = std::numeric_limits<double>::infinity();
       },
       "processor 1 has impossible samples: mean inf"},
      {[](LoadSample& r) {
         r.processors[1].samples.standard_deviation = 1e308;
       },
       "standard deviation 1e+308"},
      {[](LoadSample& r) { r.processors[1].samples.mean = -1e-3; },
       "impossible samples: mean -0.001"},
      {[](LoadSample& r) { r.processors.resize(3); },
       "report is of 3 processors, the host has 2"},
  };
  for (const Case& c : cases) {
    LoadSample report = Report(table_, 500, 300, 400, 250);
    c.spoil(report);
    const absl::Status status = load_.AddReport(report);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
    EXPECT_THAT(load_.Measure().nonsense, HasSubstr(c.message));
  }
  EXPECT_EQ(load_.bucket_loads()[0], 0u);
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  EXPECT_EQ(load_.Measure().nonsense, "");
}

TEST_F(HostLoadTest, HowUtilizationsVaryFromReportToReportIsAnError) {
  ASSERT_TRUE(load_.AddReport(Report(table_, 500, 300, 400, 250)).ok());
  EXPECT_EQ(load_.Measure().error_between_reports, 0);  // not known yet
  // Twice as much for both is no unevenness.
  ASSERT_TRUE(load_.AddReport(Report(table_, 1'000, 600, 400, 250)).ok());
  EXPECT_NEAR(load_.Measure().error_between_reports, 0, 1e-9);
  // 1.25, 1.25, 0.75 of the mean: squared deviations of 0.1667 of each
  // processor, over 2 degrees of freedom and 3 reports.
  ASSERT_TRUE(load_.AddReport(Report(table_, 300, 500, 250, 400)).ok());
  EXPECT_NEAR(load_.Measure().error_between_reports, std::sqrt(1.0 / 36), 1e-9);
}

TEST_F(HostLoadTest, NoErrorBetweenReportsOfNothing) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(load_.AddReport(Report(table_, 0, 0, 0, 0)).ok());
  }
  EXPECT_EQ(load_.Measure().error_between_reports, 0);
}

TEST(Unbiased, AddsBackWhatAFiniteSeriesHides) {
  const SampleStatistics s = Unbiased({100, 0.5, 0.2, 0.6});
  EXPECT_NEAR(s.lag1_autocorrelation, 0.634, 1e-12);
  // k = 1.634 / 0.366; 99 / (100 - k).
  EXPECT_NEAR(s.standard_deviation * s.standard_deviation,
              0.04 * 99 / (100 - 1.634 / 0.366), 1e-9);
  EXPECT_EQ(s.mean, 0.5);
  EXPECT_EQ(s.count, 100u);
}

TEST(Unbiased, LeavesAloneWhatIsNotCorrelated) {
  for (const double r : {0.0, -0.4}) {
    const SampleStatistics s = Unbiased({100, 0.5, 0.2, r});
    EXPECT_EQ(s.lag1_autocorrelation, r);
    EXPECT_EQ(s.standard_deviation, 0.2);
  }
}

TEST(Unbiased, IsBounded) {
  const SampleStatistics s = Unbiased({4, 0.5, 0.2, 1.0});
  EXPECT_EQ(s.lag1_autocorrelation, kMaxAutocorrelation);
  EXPECT_NEAR(s.standard_deviation, 0.2 * std::sqrt(1.5), 1e-12);
  EXPECT_EQ(Unbiased({0, 0, 0, 0}).count, 0u);
}

TEST(Merge, IsWhatTheSamplesTogetherWouldGive) {
  // 1, 2, 3 and 5, 7: mean 3.6, squared deviations 23.2 over 4.
  const SampleStatistics m =
      Merge({3, 2, 1, 0.5}, {2, 6, 1.4142135623730951, 0});
  EXPECT_EQ(m.count, 5u);
  EXPECT_DOUBLE_EQ(m.mean, 3.6);
  EXPECT_NEAR(m.standard_deviation * m.standard_deviation, 5.8, 1e-12);
  EXPECT_DOUBLE_EQ(m.lag1_autocorrelation, 0.3);
  EXPECT_EQ(Merge({}, {2, 6, 1, 0}).mean, 6);
  EXPECT_EQ(Merge({2, 6, 1, 0}, {}).mean, 6);
}

}  // namespace
}  // namespace lb::balance
