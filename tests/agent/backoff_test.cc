#include "agent/backoff.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace lb::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr BackoffOptions kOptions{milliseconds(200), milliseconds(10'000)};

// Largest of many first, second, ... delays: close below the ceiling, and
// never above it.
TEST(Backoff, CeilingDoublesUpToTheCap) {
  const std::vector<milliseconds> ceilings = {
      milliseconds(200),    milliseconds(400),   milliseconds(800),
      milliseconds(1'600),  milliseconds(3'200), milliseconds(6'400),
      milliseconds(10'000), milliseconds(10'000)};
  std::vector<nanoseconds> largest(ceilings.size());
  for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
    Backoff backoff(kOptions, seed);
    for (std::size_t i = 0; i < ceilings.size(); ++i) {
      const nanoseconds delay = backoff.Next();
      ASSERT_GE(delay.count(), 0) << "seed " << seed;
      largest[i] = std::max(largest[i], delay);
    }
  }
  for (std::size_t i = 0; i < ceilings.size(); ++i) {
    EXPECT_LE(largest[i], ceilings[i]) << i;
    EXPECT_GT(largest[i], ceilings[i] * 98 / 100) << i;
  }
}

// Full jitter: a quarter of the delays falls into each quarter of the range.
TEST(Backoff, DelaysAreUniform) {
  std::vector<int> quarters(4);
  for (std::uint64_t seed = 0; seed < 4'000; ++seed) {
    Backoff backoff(kOptions, seed);
    const auto quarter = 4 * backoff.Next() / (kOptions.base + nanoseconds(1));
    ++quarters[static_cast<std::size_t>(quarter)];
  }
  for (int count : quarters) EXPECT_NEAR(count, 1'000, 150);
}

TEST(Backoff, EqualSeedsGiveEqualDelays) {
  Backoff a(kOptions, 7);
  Backoff b(kOptions, 7);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(a.Next(), b.Next());
}

TEST(Backoff, ResetBeginsAnew) {
  Backoff backoff(kOptions, 3);
  for (int i = 0; i < 50; ++i) backoff.Next();
  for (int i = 0; i < 50; ++i) {
    backoff.Reset();
    EXPECT_LE(backoff.Next(), kOptions.base);
  }
}

}  // namespace
}  // namespace lb::agent
