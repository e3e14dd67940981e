#include "controller/store/telemetry_pruning.h"

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "controller/store/schema.h"
#include "gtest/gtest.h"

namespace lb::controller {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;
constexpr std::int64_t kNow = 50'000 * kHourNs;

class TelemetryPruningTest : public testing::Test {
 protected:
  void SetUp() override {
    db_.emplace(Connection::Open(":memory:", true).value());
    for (const std::string_view step : TelemetrySchema().migrations) {
      const absl::Status done = db_->Execute(std::string(step));
      ASSERT_TRUE(done.ok()) << done;
    }
  }
  // `rows` rows from `hours` ago until now, in order.
  void Fill(const std::string& table, std::int64_t hours, int rows) {
    const bool sums =
        table == "processor_minutes" || table == "processor_hours";
    const std::string rest =
        sums ? "1, 1, '[1]', '[1]', '[1]', '[1]'"
             : absl::StrCat("1, 1, ", table == "bucket_samples" ? "" : "1, ",
                            "x'00'");
    const absl::Status filled = db_->Execute(absl::StrCat(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < ",
        rows - 1, ") INSERT INTO ", table, " SELECT 'a', ", kNow, " - ",
        hours * kHourNs / rows, " * (", rows, " - i), ", rest, " FROM n;"));
    ASSERT_TRUE(filled.ok()) << filled;
  }
  void Prune(std::size_t rows, std::uint64_t limit_bytes) {
    const absl::Status done = RemoveOldest(*db_, kNow, rows, limit_bytes);
    EXPECT_TRUE(done.ok()) << done;
  }
  std::int64_t Count(const std::string& table) {
    return db_->QueryInt("SELECT count(*) FROM " + table).value();
  }
  std::int64_t HoursBack(const std::string& table) {
    return (kNow - db_->QueryInt("SELECT min(time_ns) FROM " + table).value()) /
           kHourNs;
  }

  std::optional<Connection> db_;
};

TEST_F(TelemetryPruningTest, NothingGoesWithinTheLimit) {
  Fill("processor_samples", 24, 1'000);
  Fill("processor_minutes", 24, 1'000);
  Prune(1'000, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(Count("processor_samples"), 1'000);
  EXPECT_EQ(Count("processor_minutes"), 1'000);
}

TEST_F(TelemetryPruningTest, OnlyReportsGoWhenAllReachBackEquallyFar) {
  for (const char* table : {"processor_samples", "bucket_samples",
                            "processor_minutes", "processor_hours"}) {
    Fill(table, 24, 1'000);
  }
  Prune(900, 0);
  EXPECT_EQ(Count("processor_minutes"), 1'000);
  EXPECT_EQ(Count("processor_hours"), 1'000);
  EXPECT_NEAR(static_cast<double>(Count("processor_samples")), 550, 64);
  EXPECT_NEAR(static_cast<double>(Count("bucket_samples")), 550, 64);
}

TEST_F(TelemetryPruningTest, MinutesThatReachBackTooFarGoFirst) {
  Fill("processor_samples", 24, 1'000);
  Fill("processor_minutes", 24 * 60, 2'000);
  Fill("processor_hours", 24 * 900, 1'000);
  Prune(1'000, 0);
  EXPECT_EQ(Count("processor_samples"), 1'000);
  EXPECT_EQ(Count("processor_hours"), 1'000);
  EXPECT_NEAR(static_cast<double>(HoursBack("processor_minutes")), 24 * 30, 1);
  Prune(256, 0);  // now both, so that 30 to 1 stays
  EXPECT_NEAR(static_cast<double>(HoursBack("processor_minutes")),
              30.0 * static_cast<double>(HoursBack("processor_samples")), 60);
}

TEST_F(TelemetryPruningTest, HoursGoWhenTheyReachBackAThousandTimesAsFar) {
  Fill("processor_samples", 24, 100);
  Fill("processor_hours", 24 * 2'000, 400);
  Prune(192, 0);
  EXPECT_EQ(Count("processor_samples"), 100);
  EXPECT_EQ(Count("processor_hours"), 208);
}

TEST_F(TelemetryPruningTest, WhatAClockWroteThatWasAheadGoesFirst) {
  Fill("processor_samples", 24, 100);
  Fill("processor_minutes", -24, 50);
  Prune(1, 0);
  EXPECT_EQ(Count("processor_minutes"), 0);
  EXPECT_EQ(Count("processor_samples"), 100);
}

TEST_F(TelemetryPruningTest, EverythingMayGo) {
  Fill("processor_samples", 24, 100);
  Fill("processor_hours", 24, 100);
  Prune(1'000, 0);
  EXPECT_EQ(Count("processor_samples"), 0);
  EXPECT_EQ(Count("processor_hours"), 0);
}

}  // namespace
}  // namespace lb::controller
