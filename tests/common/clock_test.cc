#include "common/clock.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(FormatWallTime, IsUtcRfc3339WithMilliseconds) {
  const WallTime time = WallTime(std::chrono::seconds(1'795'351'259)) +
                        std::chrono::milliseconds(7);
  EXPECT_EQ(FormatWallTime(time), "2026-11-22T12:40:59.007Z");
}

TEST(FormatWallTime, RoundsDownBeforeTheEpoch) {
  EXPECT_EQ(FormatWallTime(WallTime(std::chrono::milliseconds(-1))),
            "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace lb
