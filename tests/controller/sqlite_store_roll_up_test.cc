// Minutes and hours of telemetry.db: whatever happens, every report is in its
// minute and its hour once.
#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/controller/telemetry_db_fixture.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// All that is added up of a report, or of many.
struct Totals {
  std::int64_t reports = 0;
  std::int64_t interval_ns = 0;
  std::int64_t busy_ns = 0;
  std::int64_t packets = 0;
  std::uint32_t max_permille = 0;
  bool operator==(const Totals&) const = default;
};
using TotalsByTime = std::map<std::pair<std::string, WallTime>, Totals>;

void AddSums(const LoadRollUp& sum, Totals& totals) {
  totals.reports += static_cast<std::int64_t>(sum.reports);
  totals.interval_ns += sum.interval.count();
  for (const ProcessorSum& processor : sum.processors) {
    totals.busy_ns += processor.busy.count();
    totals.packets += static_cast<std::int64_t>(processor.packets);
    totals.max_permille =
        std::max(totals.max_permille, processor.max_utilization_permille);
  }
}

class RollUpRowsTest : public TelemetryDbTest {
 protected:
  static ProcessorSample Report(const std::string& host, int second) {
    ProcessorSample report = SampleProcessors(host, At(second));
    report.processors[0].packets = 10;
    report.processors[2].in_service = false;
    return report;
  }
  void AppendSeconds(const std::string& host, int first, int last) {
    for (int i = first; i < last; ++i) Append({Report(host, i)});
  }
  std::vector<LoadRollUp> RollUpsOf(const std::string& host,
                                    RollUpPeriod period) {
    std::vector<LoadRollUp> found;
    const auto rows = db_->ReadRollUps(period, {.host = host, .limit = 10'000});
    EXPECT_TRUE(rows.ok()) << rows.status();
    for (const StoredRollUp& row : *rows) found.push_back(row.roll_up);
    return found;
  }
  std::vector<std::uint64_t> ReportsByMinute(const std::string& host) {
    std::vector<std::uint64_t> reports;
    for (const LoadRollUp& sum : RollUpsOf(host, RollUpPeriod::kMinute)) {
      reports.push_back(sum.reports);
    }
    return reports;
  }
};

TEST_F(RollUpRowsTest, AMinuteIsThereWhenALaterReportComes) {
  AppendSeconds("a", 0, 60);
  EXPECT_THAT(RollUpsOf("a", RollUpPeriod::kMinute), IsEmpty());
  Append({Report("b", 60)});  // of any host
  const auto minutes = RollUpsOf("a", RollUpPeriod::kMinute);
  ASSERT_THAT(minutes, SizeIs(1));
  EXPECT_EQ(minutes[0].host, "a");
  EXPECT_EQ(minutes[0].time, At(0));
  EXPECT_EQ(minutes[0].reports, 60U);
  EXPECT_EQ(minutes[0].interval, std::chrono::minutes(1));
  ASSERT_THAT(minutes[0].processors, SizeIs(3));
  EXPECT_EQ(minutes[0].processors[0].packets, 600U);
  EXPECT_EQ(minutes[0].processors[1].busy, std::chrono::seconds(42));
  EXPECT_EQ(minutes[0].processors[1].capacity, std::chrono::minutes(1));
  EXPECT_EQ(minutes[0].processors[1].max_utilization_permille, 700U);
  EXPECT_EQ(minutes[0].processors[2].capacity, std::chrono::seconds(0));
  EXPECT_THAT(RollUpsOf("b", RollUpPeriod::kMinute), IsEmpty());
}

TEST_F(RollUpRowsTest, AnHourGrowsByMinutes) {
  AppendSeconds("a", 3'480, 3'540);
  AppendSeconds("a", 3'540, 3'541);
  auto hours = RollUpsOf("a", RollUpPeriod::kHour);
  ASSERT_THAT(hours, SizeIs(1));
  EXPECT_EQ(hours[0].reports, 60U);
  AppendSeconds("a", 3'541, 3'700);
  hours = RollUpsOf("a", RollUpPeriod::kHour);
  ASSERT_THAT(hours, SizeIs(2));
  EXPECT_EQ(hours[0].time, At(0));
  EXPECT_EQ(hours[0].reports, 120U);
  EXPECT_EQ(hours[0].processors[1].busy, std::chrono::seconds(84));
  EXPECT_EQ(hours[1].time, At(3'600));
  EXPECT_EQ(hours[1].reports, 60U);
}

TEST_F(RollUpRowsTest, ARestartInTheMiddleOfAMinuteLosesNothing) {
  AppendSeconds("a", 0, 90);
  Reopen();
  AppendSeconds("a", 90, 100);
  Reopen();
  Append({Report("b", 130)});
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(60, 40));
  Reopen();
  Append({Report("b", 190)});
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(60, 40));
  EXPECT_THAT(ReportsByMinute("b"), ElementsAre(1));
}

// At the turn of a minute many hosts' reports come in any order.
TEST_F(RollUpRowsTest, ALateReportIsAddedToTheMinuteOfItsTime) {
  AppendSeconds("a", 0, 61);
  Append({Report("a", 59)});
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(60));  // at the next turn
  AppendSeconds("a", 61, 121);
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(61, 60));
  Append({Report("a", 30)});  // later than that: at once
  Append({Report("a", 122)});
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(62, 60, 1));
  EXPECT_EQ(RollUpsOf("a", RollUpPeriod::kMinute)[0].interval,
            std::chrono::seconds(62));
}

TEST_F(RollUpRowsTest, AClockThatIsSetBackAddsToTheSameMinutes) {
  AppendSeconds("a", 0, 180);
  AppendSeconds("a", 0, 180);
  Append({Report("b", 10'000)});
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(120, 120, 120));
  const auto hours = RollUpsOf("a", RollUpPeriod::kHour);
  ASSERT_THAT(hours, SizeIs(1));
  EXPECT_EQ(hours[0].processors[1].max_utilization_permille, 700U);
  EXPECT_EQ(hours[0].reports, 360U);
}

// Here one that fails when the minute was already written.
TEST_F(RollUpRowsTest, AFailedCommitIsInNoSumAndLosesNone) {
  AlterClosed(
      "CREATE TRIGGER refuse BEFORE UPDATE ON identity WHEN 99 = "
      "(SELECT epoch FROM processor_samples ORDER BY rowid DESC LIMIT 1) "
      "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  AppendSeconds("a", 0, 60);
  ProcessorSample bad = Report("a", 60);
  bad.epoch = Epoch(99);
  const std::vector<Sample> samples = {bad};
  EXPECT_FALSE(db_->Append(samples).ok());
  AppendSeconds("a", 61, 122);
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(60, 59));
}

TEST_F(RollUpRowsTest, ARowThatCannotBeReadDoesNotStopTelemetry) {
  AppendSeconds("a", 0, 61);
  AlterClosed(
      "UPDATE processor_minutes SET busy_ns = '[1,x]'; "
      "UPDATE processor_hours SET packets = '[1,2]'; "
      "UPDATE processor_samples SET processors = x'ff' WHERE rowid = 61");
  EXPECT_TRUE(absl::IsDataLoss(
      db_->ReadRollUps(RollUpPeriod::kMinute, {.host = "a"}).status()));
  EXPECT_TRUE(absl::IsDataLoss(
      db_->ReadRollUps(RollUpPeriod::kHour, {.host = "a"}).status()));
  Append({Report("a", 10)});
  AppendSeconds("a", 61, 121);
  EXPECT_THAT(ReportsByMinute("a"), ElementsAre(1, 60));
}

// Any order of times, groups, restarts: the sums of minutes and of hours are
// those of the reports.
TEST_F(RollUpRowsTest, SumsAreThoseOfTheReports) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  TotalsByTime minutes;
  TotalsByTime hours;
  int now = 3'400;
  for (int round = 0; round < 2'000; ++round) {
    now += below(5);
    if (below(100) == 0) now -= below(300);
    std::vector<Sample> group;
    for (int i = below(4); i >= 0; --i) {
      ProcessorSample report = Report(below(2) == 0 ? "a" : "b",
                                      now - (below(10) == 0 ? below(90) : 0));
      report.processors.resize(static_cast<std::size_t>(1 + below(4)));
      report.interval = std::chrono::milliseconds(below(2'000));
      for (ProcessorLoad& load : report.processors) {
        load.busy = report.interval * below(1'000) / 1'000;
        load.packets = random();
      }
      LoadRollUp one;
      AddReport(report, one);
      for (const auto period : {RollUpPeriod::kMinute, RollUpPeriod::kHour}) {
        auto& totals = period == RollUpPeriod::kMinute ? minutes : hours;
        AddSums(one, totals[{report.host, StartOf(period, report.time)}]);
      }
      group.emplace_back(std::move(report));
    }
    Append(group);
    if (below(50) == 0) Reopen();
  }
  Append({Report("end", 100'000)});
  for (const auto period : {RollUpPeriod::kMinute, RollUpPeriod::kHour}) {
    TotalsByTime found;
    for (const char* host : {"a", "b"}) {
      for (const LoadRollUp& sum : RollUpsOf(host, period)) {
        AddSums(sum, found[{host, sum.time}]);
      }
    }
    EXPECT_EQ(found, period == RollUpPeriod::kMinute ? minutes : hours);
  }
}

// More than one transaction takes: what comes meanwhile waits its turn.
TEST_F(RollUpRowsTest, CatchesUpAFewRowsAtATime) {
  std::vector<Sample> reports;
  for (int i = 0; i < 3'000; ++i) reports.emplace_back(Report("a", i));
  Append(reports);
  AlterClosed(
      "DELETE FROM processor_minutes; DELETE FROM processor_hours; "
      "UPDATE identity SET rolled_up_row = 0");
  Append({Report("a", 3'000)});
  EXPECT_THAT(ReportsByMinute("a"), SizeIs(17));  // of 1,024 reports
  AppendSeconds("a", 3'001, 3'061);
  EXPECT_EQ(ReportsByMinute("a"), std::vector<std::uint64_t>(51, 60));
}

}  // namespace
}  // namespace lb::controller
