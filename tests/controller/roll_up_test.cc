#include "controller/core/roll_up.h"

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

WallTime At(std::int64_t of_1970) { return WallTime(seconds(of_1970)); }

TEST(RollUpTest, PeriodsBeginOnTheWholeMinuteAndHour) {
  struct Case {
    std::int64_t time;
    std::int64_t minute;
    std::int64_t hour;
  };
  for (const Case& c :
       {Case{0, 0, 0}, Case{59, 0, 0}, Case{60, 60, 0}, Case{3'599, 3'540, 0},
        Case{3'600, 3'600, 3'600}, Case{-1, -60, -3'600}}) {
    EXPECT_EQ(StartOf(RollUpPeriod::kMinute, At(c.time)), At(c.minute));
    EXPECT_EQ(StartOf(RollUpPeriod::kHour, At(c.time)), At(c.hour));
  }
  EXPECT_EQ(StartOf(RollUpPeriod::kMinute, At(60) - WallTime::duration(1)),
            At(0));
}

struct SumCase {
  const char* name;
  nanoseconds interval;
  ProcessorLoad load;
  ProcessorSum sum;
};

TEST(RollUpTest, OneReport) {
  const SumCase cases[] = {
      {"whole CPU",
       seconds(1),
       {.busy = milliseconds(250), .samples = {}, .packets = 7},
       {milliseconds(250), seconds(1), 7, 250}},
      {"a fifth of a CPU",
       seconds(2),
       {.busy = milliseconds(300), .capacity_permille = 200, .samples = {}},
       {milliseconds(300), milliseconds(400), 0, 750}},
      {"busier than it can be, and rounded",
       seconds(1),
       {.busy = nanoseconds(1'000'600'000), .samples = {}},
       {nanoseconds(1'000'600'000), seconds(1), 0, 1'001}},
      {"out of service",
       seconds(1),
       {.busy = milliseconds(10),
        .samples = {},
        .in_service = false,
        .packets = 3},
       {milliseconds(10), nanoseconds(0), 3, 0}},
      {"no time",
       nanoseconds(0),
       {.busy = milliseconds(1), .samples = {}},
       {milliseconds(1), nanoseconds(0), 0, 0}},
      {"a sliver",
       milliseconds(27),
       {.busy = milliseconds(18), .capacity_permille = 50, .samples = {}},
       {milliseconds(18), nanoseconds(1'350'000), 0, 0}},
      {"nonsense",
       seconds(1),
       {.busy = std::chrono::hours(1'000), .samples = {}},
       {std::chrono::hours(1'000), seconds(1), 0, 1'000'000}}};
  for (const SumCase& c : cases) {
    ProcessorSample report;
    report.interval = c.interval;
    report.processors = {c.load};
    LoadRollUp sum;
    AddReport(report, sum);
    EXPECT_EQ(sum.reports, 1U) << c.name;
    EXPECT_EQ(sum.interval, c.interval) << c.name;
    ASSERT_EQ(sum.processors.size(), 1U) << c.name;
    EXPECT_EQ(sum.processors[0].busy, c.sum.busy) << c.name;
    EXPECT_EQ(sum.processors[0].capacity, c.sum.capacity) << c.name;
    EXPECT_EQ(sum.processors[0].packets, c.sum.packets) << c.name;
    EXPECT_EQ(sum.processors[0].max_utilization_permille,
              c.sum.max_utilization_permille)
        << c.name;
  }
}

ProcessorSample Report(std::initializer_list<int> busy_ms) {
  ProcessorSample report;
  report.interval = seconds(1);
  for (const int ms : busy_ms) {
    report.processors.push_back(
        {.busy = milliseconds(ms), .samples = {}, .packets = 1});
  }
  return report;
}

TEST(RollUpTest, ReportsAddUpAlsoWhenProcessorsAreAdded) {
  LoadRollUp sum{.host = "a", .time = At(60)};
  AddReport(Report({100, 900}), sum);
  AddReport(Report({300, 200, 50}), sum);
  AddReport(Report({200}), sum);
  EXPECT_EQ(sum.time, At(60));
  EXPECT_EQ(sum.reports, 3U);
  EXPECT_EQ(sum.interval, seconds(3));
  ASSERT_EQ(sum.processors.size(), 3U);
  EXPECT_EQ(sum.processors[0].busy, milliseconds(600));
  EXPECT_EQ(sum.processors[0].capacity, seconds(3));
  EXPECT_EQ(sum.processors[0].max_utilization_permille, 300U);
  EXPECT_EQ(sum.processors[1].busy, milliseconds(1'100));
  EXPECT_EQ(sum.processors[1].capacity, seconds(2));
  EXPECT_EQ(sum.processors[1].max_utilization_permille, 900U);
  EXPECT_EQ(sum.processors[2].packets, 1U);
}

TEST(RollUpTest, PartsAddUpToTheWhole) {
  LoadRollUp early{.host = "a", .time = At(60)};
  LoadRollUp late{.host = "a", .time = At(60)};
  LoadRollUp whole{.host = "a", .time = At(60)};
  for (int i = 0; i < 9; ++i) {
    const ProcessorSample report =
        i % 2 == 0 ? Report({i, 10 - i}) : Report({90 * i});
    AddReport(report, whole);
    AddReport(report, i < 4 ? early : late);
  }
  AddRollUp(early, late);
  EXPECT_EQ(late.interval, whole.interval);
  EXPECT_EQ(late.reports, whole.reports);
  ASSERT_EQ(late.processors.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(late.processors[i].busy, whole.processors[i].busy);
    EXPECT_EQ(late.processors[i].capacity, whole.processors[i].capacity);
    EXPECT_EQ(late.processors[i].packets, whole.processors[i].packets);
    EXPECT_EQ(late.processors[i].max_utilization_permille,
              whole.processors[i].max_utilization_permille);
  }
}

}  // namespace
}  // namespace lb::controller
