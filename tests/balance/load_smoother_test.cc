#include "balance/load_smoother.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::balance {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr double kOne = 4'294'967'296.0;

double Load(const LoadSmoother& smoother) {
  return static_cast<double>(smoother.loads()[0]);
}

TEST(DecayFactor, HalvesEveryHalfLife) {
  EXPECT_EQ(DecayFactor(seconds(0), seconds(3)), std::uint64_t{1} << 32);
  EXPECT_EQ(DecayFactor(seconds(3), seconds(3)), std::uint64_t{1} << 31);
  EXPECT_EQ(DecayFactor(seconds(9), seconds(3)), std::uint64_t{1} << 29);
  EXPECT_EQ(DecayFactor(hours(1'000), milliseconds(1)), 0u);
}

TEST(DecayFactor, AgreesWithLibm) {
  for (int ms = 1; ms < 60'000; ms = ms * 5 / 4 + 1) {
    const auto factor =
        static_cast<double>(DecayFactor(milliseconds(ms), seconds(3)));
    EXPECT_NEAR(factor / kOne, std::exp2(-ms / 3'000.0), 1e-8) << ms;
  }
}

TEST(LoadSmoother, TheFirstIntervalCountsInFull) {
  LoadSmoother smoother(4, seconds(3));
  EXPECT_THAT(smoother.loads(), ElementsAre(0, 0, 0, 0));
  smoother.Add(seconds(1), {{{BucketId(1), 700}, {BucketId(3), 50}}});
  EXPECT_THAT(smoother.loads(), ElementsAre(0, 700, 0, 50));
}

TEST(LoadSmoother, ABucketThatIsNotListedFades) {
  LoadSmoother smoother(2, seconds(3));
  for (int i = 0; i < 100; ++i) {
    smoother.Add(seconds(1), {{{BucketId(0), 8'000'000}}});
  }
  EXPECT_EQ(smoother.loads()[0], 8'000'000u);
  for (int i = 0; i < 3; ++i) smoother.Add(seconds(1), {});
  EXPECT_NEAR(Load(smoother), 4'000'000, 1);
  for (int i = 0; i < 3; ++i) smoother.Add(seconds(1), {});
  EXPECT_NEAR(Load(smoother), 2'000'000, 1);
}

TEST(LoadSmoother, ABucketListedTwiceHasBothLoads) {
  LoadSmoother smoother(2, seconds(3));
  smoother.Add(seconds(1), {{{BucketId(0), 300}, {BucketId(0), 400}}});
  EXPECT_THAT(smoother.loads(), ElementsAre(700, 0));
}

// Reports that were merged weigh as much as they would have one by one.
TEST(LoadSmoother, ALongIntervalWeighsByItsLength) {
  LoadSmoother one_by_one(1, seconds(3));
  LoadSmoother merged(1, seconds(3));
  one_by_one.Add(seconds(1), {{{BucketId(0), 1'000'000}}});
  merged.Add(seconds(1), {{{BucketId(0), 1'000'000}}});
  for (int i = 0; i < 4; ++i) {
    one_by_one.Add(seconds(1), {{{BucketId(0), 9'000'000}}});
  }
  merged.Add(seconds(4), {{{BucketId(0), 9'000'000}}});
  EXPECT_NEAR(Load(one_by_one), Load(merged), 5);
}

TEST(LoadSmoother, StaysWithinWhatItWasGiven) {
  LoadSmoother smoother(1, milliseconds(100));
  smoother.Add(seconds(0), {{{BucketId(0), 5}}});  // no time, no weight
  EXPECT_EQ(smoother.loads()[0], 0u);
  for (int i = 0; i < 1'000; ++i) {
    smoother.Add(std::chrono::nanoseconds(1 + i * i),
                 {{{BucketId(0), 1'000'000'000'000'000},
                   {BucketId(7), 1}}});  // no such bucket
    EXPECT_EQ(smoother.loads()[0], 1'000'000'000'000'000u);
  }
}

}  // namespace
}  // namespace lb::balance
