#include "balance/thresholds.h"

#include "gtest/gtest.h"

namespace lb::balance {
namespace {

TEST(ThresholdsAt, AreThePolicysWhereNothingQueues) {
  for (const double utilization : {0.0, 0.1, 0.5, 0.76}) {
    const Thresholds thresholds = ThresholdsAt(Policy{}, utilization);
    EXPECT_EQ(thresholds.trigger_permille, 1'100u) << utilization;
    EXPECT_EQ(thresholds.target_permille, 1'030u) << utilization;
    EXPECT_EQ(thresholds.tolerated_permille, 1'076u) << utilization;
  }
}

TEST(ThresholdsAt, FollowWhatTheBusiestHasLeft) {
  // At 0.9 the mean processor has 0.1 left. Half of that is left at 0.95, nine
  // tenths at 0.91.
  const Thresholds thresholds = ThresholdsAt(Policy{}, 0.9);
  EXPECT_EQ(thresholds.trigger_permille, 1'055u);
  EXPECT_EQ(thresholds.target_permille, 1'011u);
}

TEST(ThresholdsAt, KeepAThirdOfTheirDistanceFromEven) {
  for (const double utilization : {0.97, 1.0, 1.7}) {
    const Thresholds thresholds = ThresholdsAt(Policy{}, utilization);
    EXPECT_EQ(thresholds.trigger_permille, 1'033u) << utilization;
    EXPECT_EQ(thresholds.target_permille, 1'010u) << utilization;
  }
}

TEST(ThresholdsAt, AreInOrder) {
  for (std::uint32_t trigger = 1'000; trigger < 1'300; trigger += 7) {
    for (std::uint32_t target = 1'000; target <= trigger; target += 11) {
      Policy policy;
      policy.trigger_permille = trigger;
      policy.target_permille = target;
      for (double utilization = 0.5; utilization < 1.2; utilization += 0.01) {
        const Thresholds at = ThresholdsAt(policy, utilization);
        EXPECT_LE(at.target_permille, at.trigger_permille)
            << target << " " << trigger << " " << utilization;
        EXPECT_LE(at.target_permille, at.tolerated_permille);
        EXPECT_LE(at.tolerated_permille, at.trigger_permille);
        EXPECT_GE(at.target_permille, 1'000u);
        EXPECT_LE(at.target_permille, target);
        EXPECT_LE(at.trigger_permille, trigger);
      }
    }
  }
}

}  // namespace
}  // namespace lb::balance
