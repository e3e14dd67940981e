#include "controller/core/resource_name.h"

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

TEST(ResourceName, HostsAndPlans) {
  EXPECT_EQ(ParseHostName("hosts/a.b-c_1").value(), "a.b-c_1");
  EXPECT_EQ(ParseParent("hosts/-").value(), "");
  EXPECT_EQ(ParseParent("hosts/a").value(), "a");
  const auto plan = ParsePlanName("hosts/a/plans/12");
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->host, "a");
  EXPECT_EQ(plan->number, 12U);
  EXPECT_FALSE(plan->proposal);
  EXPECT_TRUE(ParsePlanName("hosts/a/proposals/3")->proposal);
}

TEST(ResourceName, OthersAreRefused) {
  for (const char* name : {"", "a", "hosts/", "hosts/-", "host/a", "hosts/a/",
                           "hosts/a b", "hosts/../x", "/hosts/a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseHostName(name).status())) << name;
  }
  for (const char* name :
       {"", "hosts/a", "hosts/a/plans/", "hosts/a/plans/0", "hosts/a/plans/-1",
        "hosts/a/plans/x", "hosts/a/plans/1/", "hosts/-/plans/1",
        "hosts/a/plan/1", "hosts/a/plans/99999999999999999999"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParsePlanName(name).status())) << name;
  }
}

}  // namespace
}  // namespace lb::controller
