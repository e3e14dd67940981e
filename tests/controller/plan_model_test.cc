// The rules of a plan's life and of identity, held against thousands of random
// histories. LB_MODEL_SEEDS says how many.
#include "tests/controller/plan_model.h"

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

constexpr int kSteps = 250;

std::uint64_t Seeds() {
  const char* text = std::getenv("LB_MODEL_SEEDS");
  return text == nullptr ? 24 : std::stoull(text);
}

TEST(PlanModel, WhateverHappensTheRulesHold) {
  std::size_t sent = 0;
  std::size_t applied = 0;
  std::size_t adoptions = 0;
  for (std::uint64_t seed = 1; seed <= Seeds(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PlanModel model(seed);
    for (int step = 0; step < kSteps && !HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      model.Step();
    }
    if (!HasFailure()) model.Quieten();
    ASSERT_FALSE(HasFailure());
    sent += model.plans_sent();
    applied += model.applied();
    adoptions += model.adoptions();
  }
  // Or the histories were too dull to tell anything.
  EXPECT_GT(sent, Seeds() * 5);
  EXPECT_GT(applied, Seeds() * 3);
  EXPECT_GT(adoptions, 0U);
}

}  // namespace
}  // namespace lb::controller
