#include "controller/core/label_selector.h"

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

const std::map<std::string, std::string>& Labels() {
  static const std::map<std::string, std::string> labels = {
      {"rack", "a1"}, {"role", "edge"}, {"canary", ""}, {"x.y/z-0", "1_2"}};
  return labels;
}

struct Case {
  const char* selector;
  bool matches;
};

class MatchTest : public testing::TestWithParam<Case> {};

TEST_P(MatchTest, AllConditionsMustHold) {
  const auto selector = LabelSelector::Parse(GetParam().selector);
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_EQ(selector->Matches(Labels()), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    All, MatchTest,
    testing::Values(Case{"", true}, Case{"rack=a1", true},
                    Case{"rack=a2", false}, Case{"rack=", false},
                    Case{"canary=", true}, Case{"canary", true},
                    Case{"spare", false}, Case{"role!=spare", true},
                    Case{"role!=edge", false}, Case{"nothing!=edge", true},
                    Case{"nothing=", false}, Case{"x.y/z-0=1_2", true},
                    Case{"rack=a1,role!=spare,canary", true},
                    Case{"rack=a1,role!=edge,canary", false},
                    Case{"rack=a1,rack=a2", false}));

struct Refusal {
  const char* selector;
  const char* message;
};

class RefusedTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedTest, SaysWhere) {
  const absl::Status status =
      LabelSelector::Parse(GetParam().selector).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(status.message(),
            std::string(GetParam().message) +
                "; write it like \"rack=a1,role!=spare,canary\"");
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedTest,
    testing::Values(
        Refusal{",", "selector, character 1: expected the key of a label"},
        Refusal{"rack=a1,",
                "selector, character 9: expected the key of a label"},
        Refusal{"rack=a1, role",
                "selector, character 9: expected the key of a label"},
        Refusal{"=a1", "selector, character 1: expected the key of a label"},
        Refusal{"rack a1", "selector, character 5: expected =, != or a comma"},
        Refusal{"rack==a1",
                "selector, character 6: expected a comma or the end"},
        Refusal{"rack!a1", "selector, character 5: expected =, != or a comma"},
        Refusal{"rack=a\n",
                "selector, character 7: expected a comma or the end"}));

}  // namespace
}  // namespace lb::controller
