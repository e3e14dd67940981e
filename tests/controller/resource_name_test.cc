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

TEST(ResourceName, WhatLiesUnderAHost) {
  const auto processor = ParseProcessorName("hosts/a/processors/0");
  ASSERT_TRUE(processor.ok());
  EXPECT_EQ(processor->host, "a");
  EXPECT_EQ(processor->processor, ProcessorId(0));
  EXPECT_EQ(ParseProcessorName("hosts/a/processors/1023")->processor,
            ProcessorId(1'023));
  EXPECT_EQ(ParseBucketName("hosts/a/buckets/65535")->bucket, BucketId(65'535));
  EXPECT_EQ(ParseDecisionName("hosts/a/decisions/7")->revision, 7U);
  EXPECT_EQ(DecisionName("a", 7), "hosts/a/decisions/7");
}

TEST(ResourceName, Policies) {
  for (const char* name : {"policies/default", "hosts/a/policy"}) {
    const auto host = ParsePolicyName(name);
    ASSERT_TRUE(host.ok()) << host.status();
    EXPECT_EQ(PolicyName(*host), name);
  }
  for (const char* name : {"policies/a", "policies", "hosts/-/policy",
                           "hosts/a/policy/", "hosts//policy"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParsePolicyName(name).status()))
        << name;
  }
}

TEST(ResourceName, WhatCanBeExplained) {
  EXPECT_TRUE(std::holds_alternative<DecisionResource>(
      ParseVerdictName("hosts/a/decisions/7").value()));
  const auto plan = ParseVerdictName("hosts/a/proposals/7").value();
  ASSERT_TRUE(std::holds_alternative<PlanResource>(plan));
  EXPECT_TRUE(std::get<PlanResource>(plan).proposal);
  const absl::Status status = ParseVerdictName("hosts/a").status();
  EXPECT_EQ(status.message(),
            "\"hosts/a\" is not a name here; use hosts/HOST/plans/EPOCH, "
            "hosts/HOST/proposals/ID or hosts/HOST/decisions/REVISION");
}

TEST(ResourceName, NumbersHaveOneForm) {
  for (const char* number :
       {"", "-1", "+1", "01", "1 ", " 1", "1.0", "0x1", "1024", "a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        ParseProcessorName(std::string("hosts/a/processors/") + number)
            .status()))
        << number;
  }
  EXPECT_FALSE(ParseBucketName("hosts/a/buckets/65536").ok());
  EXPECT_FALSE(ParseBucketName("hosts/a/processors/1").ok());
  EXPECT_FALSE(ParseProcessorName("hosts/a/buckets/1").ok());
  EXPECT_FALSE(ParseDecisionName("hosts/a/decisions/0").ok());
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
