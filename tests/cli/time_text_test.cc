#include "cli/time_text.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/fake_clock.h"

namespace lb::cli {
namespace {

TEST(TimeText, ReadsTimes) {
  const WallTime now = FakeClock().Wall();  // 2026-01-01T00:00:00Z
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"now", "2026-01-01T00:00:00.000Z"},
      {"-90s", "2025-12-31T23:58:30.000Z"},
      {"-10m", "2025-12-31T23:50:00.000Z"},
      {"-2h", "2025-12-31T22:00:00.000Z"},
      {"-7d", "2025-12-25T00:00:00.000Z"},
      {"-0s", "2026-01-01T00:00:00.000Z"},
      {"2026-11-22T12:40:59Z", "2026-11-22T12:40:59.000Z"},
      {"2026-11-22T12:40:59.125Z", "2026-11-22T12:40:59.125Z"},
      {"2026-11-22T12:40:59+02:00", "2026-11-22T10:40:59.000Z"},
  };
  for (const auto& [text, time] : cases) {
    const auto read = ParseTime(text, now);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(FormatWallTime(*read), time) << text;
  }
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "-", "-h", "-1", "1h", "-1w", "-1.5h", "--1h", "-99999999999d",
        "yesterday", "infinite-past", "2026-11-22", "2026-11-22T12:40:59",
        "2026-13-22T12:40:59Z", " 2026-11-22T12:40:59Z",
        "1969-12-31T23:59:59Z"}) {
    const auto read = ParseTime(text, FakeClock().Wall());
    EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(TimeText, TimestampsKeepNanoseconds) {
  const WallTime time = FakeClock().Wall() + std::chrono::nanoseconds(125);
  EXPECT_EQ(ToTimestamp(time).nanos(), 125);
  EXPECT_EQ(ToWallTime(ToTimestamp(time)), time);
}

}  // namespace
}  // namespace lb::cli
