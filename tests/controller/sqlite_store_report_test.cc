// Reports of telemetry.db are found by their host and time, though they have no
// such index.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "controller/store/open_database.h"
#include "controller/store/row_codec.h"
#include "controller/store/schema.h"
#include "gmock/gmock.h"
#include "tests/controller/telemetry_db_fixture.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using TimeAndRow = std::pair<WallTime, std::uint64_t>;

class ReportRowsTest : public TelemetryDbTest {
 protected:
  void AppendSeconds(const std::string& host, int first, int last) {
    for (int i = first; i < last; ++i) Append({SampleProcessors(host, At(i))});
  }
  // Of all pages of this size.
  std::vector<TimeAndRow> Read(SamplePage page) {
    std::vector<TimeAndRow> found;
    for (;;) {
      const auto rows = db_->ReadProcessors(page);
      EXPECT_TRUE(rows.ok()) << rows.status();
      if (!rows.ok()) return found;
      EXPECT_LE(rows->size(), page.limit);
      for (const StoredProcessorSample& row : *rows) {
        EXPECT_EQ(row.sample.host, page.host);
        EXPECT_EQ(row.sample.epoch, Epoch(4));
        EXPECT_THAT(row.sample.processors, SizeIs(3));
        found.emplace_back(row.sample.time, row.row);
      }
      if (rows->size() < page.limit) return found;
      page.after = rows->back().row;
    }
  }
  std::vector<std::uint64_t> RowsOf(const SamplePage& page) {
    std::vector<std::uint64_t> rows;
    for (const auto& [time, row] : Read(page)) rows.push_back(row);
    return rows;
  }
};

TEST_F(ReportRowsTest, AreThereAtOnce) {
  AppendSeconds("a", 0, 3);
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(1, 2, 3));
  EXPECT_THAT(RowsOf({.host = "b"}), IsEmpty());
  Reopen();  // no minute names them, and nothing has come since
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(1, 2, 3));
  AppendSeconds("a", 3, 4);
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(1, 2, 3, 4));
}

TEST_F(ReportRowsTest, AreNamedByTheirMinute) {
  AppendSeconds("a", 58, 62);
  AppendSeconds("b", 62, 63);
  AppendSeconds("a", 59, 60);    // late
  AppendSeconds("a", 130, 131);  // ends those minutes
  AppendSeconds("a", 30, 31);    // later than late
  AppendSeconds("a", 190, 191);
  db_.reset();
  EXPECT_EQ(QueryText("telemetry.db",
                      "SELECT group_concat(host || last_row || sample_rows, "
                      "'') FROM (SELECT * FROM processor_sample_rows "
                      "ORDER BY host, time_ns)"),
            "a8[1,2,6,8]a4[3,4]a7[7]b5[5]");
  Reopen();
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(8, 1, 2, 6, 3, 4, 7, 9));
  EXPECT_THAT(RowsOf({.host = "a", .limit = 1}),
              ElementsAre(8, 1, 2, 6, 3, 4, 7, 9));
}

// However many come, what was missed is caught up with.
TEST_F(ReportRowsTest, ABacklogShrinksUnderLargeGroups) {
  constexpr int kGroup = 1'500;
  const auto append_group = [&](int group) {
    std::vector<Sample> reports;
    for (int i = 0; i < kGroup; ++i) {
      reports.emplace_back(SampleProcessors("a", At(kGroup * group + i)));
    }
    Append(reports);
  };
  for (int group = 0; group < 4; ++group) append_group(group);
  AlterClosed(
      "DELETE FROM processor_sample_rows; DELETE FROM processor_minutes; "
      "UPDATE identity SET rolled_up_row = 0");
  for (int group = 4; group < 20; ++group) append_group(group);
  const auto minutes =
      db_->ReadRollUps(RollUpPeriod::kMinute, {.host = "a", .limit = 1'000});
  ASSERT_TRUE(minutes.ok()) << minutes.status();
  EXPECT_THAT(*minutes, SizeIs(kGroup * 20 / 60 - 1));
}

// Whatever comes in whatever order, with restarts and failures: every page is
// what an index by host, time and row would give.
TEST_F(ReportRowsTest, PagesAreThoseOfAnIndex) {
  AlterClosed(
      "CREATE TRIGGER refuse BEFORE INSERT ON processor_samples "
      "WHEN NEW.epoch = 99 BEGIN SELECT RAISE(ABORT, 'refused'); END");
  std::mt19937 random(11);
  const auto below = [&](int n) { return static_cast<int>(random() % n); };
  const std::vector<std::string> hosts = {"a", "b", "c"};
  std::map<std::string, std::vector<TimeAndRow>> all;
  std::uint64_t row = 0;
  int now = 10'000;
  for (int round = 0; round < 1'500; ++round) {
    now += below(6);
    if (below(100) == 0) now -= below(300);  // the clock is set back
    std::vector<Sample> group;
    for (int i = below(5); i >= 0; --i) {
      const std::string& host = hosts[static_cast<std::size_t>(below(3))];
      const WallTime time = At(now - (below(10) == 0 ? below(90) : 0));
      group.emplace_back(SampleProcessors(host, time));
      all[host].emplace_back(time, ++row);
    }
    Append(group);
    if (below(40) == 0) Reopen();
    if (below(40) == 0) {
      ProcessorSample refused = SampleProcessors("a", At(now));
      refused.epoch = Epoch(99);
      group.emplace_back(refused);
      ASSERT_FALSE(db_->Append(group).ok());
    }
    if (below(10) != 0) continue;
    const int from = 10'000 + below(now - 9'800);
    const SamplePage page{.host = hosts[static_cast<std::size_t>(below(3))],
                          .from = At(from),
                          .to = At(from + below(2'000)),
                          .limit = static_cast<std::uint32_t>(1 + below(200))};
    std::vector<TimeAndRow> expected;
    for (const TimeAndRow& report : all[page.host]) {
      if (report.first >= page.from && report.first < page.to) {
        expected.push_back(report);
      }
    }
    std::sort(expected.begin(), expected.end());
    ASSERT_EQ(Read(page), expected) << "round " << round;
  }
}

// Of a minute whose first reports went, as the oldest do.
TEST_F(ReportRowsTest, WhatIsLeftOfAMinuteIsFound) {
  AppendSeconds("a", 0, 4);
  AppendSeconds("a", 60, 64);
  AppendSeconds("a", 120, 121);
  AlterClosed("DELETE FROM processor_samples WHERE rowid <= 2");
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(RowsOf({.host = "a", .after = 2, .limit = 3}),
              ElementsAre(3, 4, 5, 6, 7, 8, 9));
}

// While rows are caught up with, a few at a time, none is missing or twice.
TEST_F(ReportRowsTest, AreThereWhileMinutesAreCaughtUpWith) {
  std::vector<Sample> reports;
  for (int i = 0; i < 3'000; ++i) {
    reports.emplace_back(SampleProcessors("a", At(i)));
  }
  Append(reports);
  AlterClosed(
      "DELETE FROM processor_sample_rows; DELETE FROM processor_minutes; "
      "UPDATE identity SET rolled_up_row = 0");
  for (int i = 3'000; i < 3'004; ++i) {
    EXPECT_THAT(Read({.host = "a", .limit = 700}),
                SizeIs(static_cast<std::size_t>(i)));
    AppendSeconds("a", i, i + 1);
  }
}

// When all rows of the table are gone, SQLite begins to number anew.
TEST_F(ReportRowsTest, AMinuteMayNameWhatIsAnotherReportNow) {
  AppendSeconds("a", 0, 3);
  AppendSeconds("b", 60, 61);
  AlterClosed("DELETE FROM processor_samples");
  EXPECT_THAT(RowsOf({.host = "a"}), IsEmpty());
  AppendSeconds("b", 2, 3);  // row 1, which a's minute names
  AppendSeconds("a", 1, 2);  // row 2, the same
  Reopen();
  AppendSeconds("a", 61, 62);  // row 3, of another minute
  AppendSeconds("b", 122, 123);
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(2, 3));
  EXPECT_THAT(RowsOf({.host = "b"}), ElementsAre(1, 4));
}

TEST_F(ReportRowsTest, DamagedNamesAreSaid) {
  AppendSeconds("a", 0, 61);
  AlterClosed("UPDATE processor_sample_rows SET sample_rows = '[1,'");
  const auto rows = db_->ReadProcessors({.host = "a"});
  EXPECT_TRUE(absl::IsDataLoss(rows.status())) << rows.status();
}

// A file that had the index: what is in its minutes is named.
TEST_F(ReportRowsTest, RowsOfAnOldFileAreNamed) {
  db_.reset();
  std::filesystem::remove(File("telemetry.db"));
  // Rows 1 to 6, of which 5 are in minutes.
  const std::vector<std::pair<std::string, int>> reports = {
      {"a", 50}, {"a", 70}, {"b", 70}, {"a", 20}, {"a", 30}, {"a", 80}};
  const Schema& now = TelemetrySchema();
  const Schema then{now.name, now.next_step, now.application_id,
                    now.migrations.first(2)};
  const absl::Status made = CreateDatabase(
      File("telemetry.db"), then, [&](Connection& db) -> absl::Status {
        LB_RETURN_IF_ERROR(
            db.Execute("INSERT INTO identity VALUES (1, 'store', 5, 5);"));
        LB_ASSIGN_OR_RETURN(Statement insert,
                            db.Prepare("INSERT INTO processor_samples VALUES "
                                       "(?, ?, 3, 4, 1000000000, ?)"));
        for (const auto& [host, second] : reports) {
          const ProcessorSample sample = SampleProcessors(host, At(second));
          LB_RETURN_IF_ERROR(insert.Reset()
                                 .Bind(host)
                                 .Bind(ToNs(sample.time))
                                 .BindBlob(PackProcessors(sample.processors))
                                 .Run());
        }
        return absl::OkStatus();
      });
  ASSERT_TRUE(made.ok()) << made;
  Reopen();
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(4, 5, 1, 2, 6));
  EXPECT_THAT(RowsOf({.host = "b"}), ElementsAre(3));
  AppendSeconds("b", 200, 201);  // row 7
  EXPECT_THAT(RowsOf({.host = "a"}), ElementsAre(4, 5, 1, 2, 6));
  EXPECT_THAT(RowsOf({.host = "b"}), ElementsAre(3, 7));
  db_.reset();
  EXPECT_EQ(Query("telemetry.db",
                  "SELECT count(*) FROM sqlite_schema "
                  "WHERE name = 'processor_samples_by_host'"),
            0);
}

}  // namespace
}  // namespace lb::controller
