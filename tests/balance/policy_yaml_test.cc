#include "balance/policy_yaml.h"

#include <string>

#include "gmock/gmock.h"

namespace lb::balance {
namespace {

using ::testing::HasSubstr;

TEST(PolicyYaml, SetsWhatItNamesAndLeavesTheRest) {
  const auto policy = ParsePolicyYaml(
      "mode: advise\nreport_interval_ms: 250\ntrigger_permille: 1200\n");
  ASSERT_TRUE(policy.ok()) << policy.status();
  Policy expected;
  expected.mode = Mode::kAdvise;
  expected.report_interval = std::chrono::milliseconds(250);
  expected.trigger_permille = 1'200;
  EXPECT_EQ(*policy, expected);
}

TEST(PolicyYaml, EveryFieldHasAKey) {
  const auto policy = ParsePolicyYaml(
      "{mode: off, planner: load, report_interval_ms: 200, half_life_ms: 300, "
      "warm_up_ms: 400, trigger_permille: 1500, target_permille: 1400, "
      "floor_permille: 6, z_permille: 7, max_moves_permille: 8, "
      "bucket_cooldown_ms: 9, return_time_ms: 10, min_gain_permille: 11, "
      "damping_permille: 12, fair_queue_quantum_us: 13, "
      "fair_queue_limit_packets: 14}");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->mode, Mode::kOff);
  EXPECT_EQ(policy->planner, PlannerKind::kLoad);
  EXPECT_EQ(policy->report_interval.count(), 200);
  EXPECT_EQ(policy->half_life.count(), 300);
  EXPECT_EQ(policy->warm_up.count(), 400);
  EXPECT_EQ(policy->trigger_permille, 1'500U);
  EXPECT_EQ(policy->target_permille, 1'400U);
  EXPECT_EQ(policy->floor_permille, 6U);
  EXPECT_EQ(policy->z_permille, 7U);
  EXPECT_EQ(policy->max_moves_permille, 8U);
  EXPECT_EQ(policy->bucket_cooldown.count(), 9);
  EXPECT_EQ(policy->return_time.count(), 10);
  EXPECT_EQ(policy->min_gain_permille, 11U);
  EXPECT_EQ(policy->damping_permille, 12U);
  EXPECT_EQ(policy->fair_queue_quantum.count(), 13);
  EXPECT_EQ(policy->fair_queue_limit, 14U);
}

TEST(PolicyYaml, WhatCannotBeIsNamedInOneLine) {
  struct Case {
    const char* yaml;
    const char* words;
  };
  for (const Case& c :
       {Case{"triger: 3", "key \"triger\" is unknown; use mode"},
        Case{"trigger_permille: many", "trigger_permille is \"many\""},
        Case{"trigger_permille: -1", "trigger_permille is \"-1\""},
        Case{"trigger_permille: 1.1", "trigger_permille is \"1.1\""},
        Case{"report_interval_ms: 99", "is 99 ms; use 100 to 60000"},
        Case{"fair_queue_quantum_us: 0", "is 0 us; use 1 to 100000"},
        Case{"fair_queue_limit_packets: 99999999", "use 0 to 16777216"},
        Case{"mode: sometimes", "mode \"sometimes\" is unknown; use auto"},
        Case{"z_permille: 2000\nz_permille: 2000", "is there twice"},
        Case{"mode: [auto]", "one value"}, Case{"- mode", "is a map"},
        Case{"just words", "is a map"},
        Case{"", "it is empty; write lines such as"},
        Case{"# mode: auto\n", "it is empty"},
        Case{"a: [", "it is not YAML"}}) {
    const auto policy = ParsePolicyYaml(c.yaml);
    EXPECT_TRUE(absl::IsInvalidArgument(policy.status())) << c.yaml;
    const std::string line(policy.status().message());
    EXPECT_THAT(line, HasSubstr(c.words)) << c.yaml;
    EXPECT_EQ(line.find('\n'), std::string::npos);
  }
}

}  // namespace
}  // namespace lb::balance
