#include "controller/core/allowance.h"

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Allowance, ABurstThenOneAnIntervalTheRestIsCounted) {
  Allowance allowance(seconds(1), 3);
  MonotonicTime now{seconds(100)};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(allowance.Take(now), 0U);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(allowance.Take(now).has_value());
  now += milliseconds(999);
  EXPECT_FALSE(allowance.Take(now).has_value());
  now += milliseconds(1);
  EXPECT_EQ(allowance.Take(now), 6U);
  EXPECT_FALSE(allowance.Take(now).has_value());
  EXPECT_FALSE(allowance.Idle(now));
  now += seconds(10);
  EXPECT_TRUE(allowance.Idle(now));
  EXPECT_EQ(allowance.Take(now), 1U);
  EXPECT_EQ(allowance.Take(now), 0U);
  EXPECT_EQ(allowance.Take(now), 0U);
  EXPECT_FALSE(allowance.Take(now).has_value());
}

}  // namespace
}  // namespace lb::controller
