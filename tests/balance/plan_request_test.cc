#include "balance/plan_request.h"

#include "gtest/gtest.h"

namespace lb::balance {
namespace {

Decision Because(Verdict verdict, double system_utilization = 0.5) {
  Decision decision;
  decision.verdict = verdict;
  decision.system_utilization = system_utilization;
  return decision;
}

TEST(RequestFor, FollowsThePolicyAndHowBusyTheHostIs) {
  const PlanRequest half =
      RequestFor(Policy{}, 1'024, Because(Verdict::kImbalance));
  EXPECT_EQ(half.target_permille, 1'030U);
  EXPECT_EQ(half.tolerated_permille, 1'076U);
  EXPECT_EQ(half.max_moves, 51U);
  EXPECT_EQ(half.damping_permille, 800U);
  const PlanRequest busy =
      RequestFor(Policy{}, 1'024, Because(Verdict::kImbalance, 0.9));
  EXPECT_EQ(busy.target_permille, 1'011U);
  Decision elephant = Because(Verdict::kImbalance, 0.45);
  elephant.bound = 2;
  EXPECT_EQ(RequestFor(Policy{}, 1'024, elephant).target_permille, 1'011U);
}

TEST(RequestFor, AllowsOneMoveAtLeast) {
  Policy policy;
  policy.max_moves_permille = 1;
  EXPECT_EQ(RequestFor(policy, 64, Because(Verdict::kImbalance)).max_moves, 1U);
}

// Of sixteen processors one that is back makes an imbalance of 1.067.
TEST(RequestFor, ToleratesNothingWhereAProcessorIsToBeFilledOrEmptied) {
  for (const Verdict verdict : {Verdict::kEmptyProcessor, Verdict::kEvacuate}) {
    EXPECT_EQ(RequestFor(Policy{}, 1'024, Because(verdict)).tolerated_permille,
              0U);
  }
}

}  // namespace
}  // namespace lb::balance
