#include "sim/move_tally.h"

#include "gtest/gtest.h"

namespace lb::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

Move Of(std::uint32_t bucket, std::uint16_t from, std::uint16_t to) {
  return {BucketId(bucket), ProcessorId(from), ProcessorId(to)};
}

void Add(MoveTally& tally, const Move& move, std::int64_t second) {
  tally.Add({&move, 1}, second * kSecond);
}

TEST(MoveTally, CountsReturnsWithinAMinute) {
  MoveTally tally(4);
  Add(tally, Of(1, 0, 1), 0);
  Add(tally, Of(2, 1, 0), 1);  // another bucket
  Add(tally, Of(1, 1, 2), 10);
  EXPECT_EQ(tally.returns(), 0U);
  Add(tally, Of(1, 2, 0), 59);  // by a detour
  EXPECT_EQ(tally.returns(), 1U);
  Add(tally, Of(2, 0, 1), 61);  // a minute later
  EXPECT_EQ(tally.returns(), 1U);
  EXPECT_EQ(tally.moves(), 5U);
}

}  // namespace
}  // namespace lb::sim
