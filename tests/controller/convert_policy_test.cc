#include "controller/rpc/convert_policy.h"

#include <string>

#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

google::protobuf::FieldMask Mask(std::initializer_list<const char*> paths) {
  google::protobuf::FieldMask mask;
  for (const char* path : paths) mask.add_paths(path);
  return mask;
}

// A policy in which no setting has its preset value.
balance::Policy Unusual() {
  balance::Policy policy;
  policy.mode = balance::Mode::kAdvise;
  policy.planner = balance::PlannerKind::kIndex;
  policy.report_interval = milliseconds(201);
  policy.half_life = milliseconds(202);
  policy.warm_up = milliseconds(203);
  policy.trigger_permille = 1'204;
  policy.target_permille = 1'005;
  policy.floor_permille = 206;
  policy.z_permille = 207;
  policy.max_moves_permille = 208;
  policy.bucket_cooldown = milliseconds(209);
  policy.return_time = milliseconds(210);
  policy.min_gain_permille = 211;
  policy.damping_permille = 212;
  policy.fair_queue_quantum = std::chrono::microseconds(213);
  policy.fair_queue_limit = 214;
  return policy;
}

TEST(ConvertPolicy, APolicyComesBackAsItWas) {
  v1::Policy message;
  FillPolicy({.revision = 7, .policy = Unusual()}, message);
  EXPECT_EQ(message.revision(), 7U);
  const auto policy = PolicyFrom(message);
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(*policy, Unusual());
}

TEST(ConvertPolicy, ModesAndPlannersMustBeSome) {
  v1::Policy message;
  FillPolicy({.policy = Unusual()}, message);
  message.clear_mode();
  EXPECT_THAT(std::string(PolicyFrom(message).status().message()),
              HasSubstr("mode is 0"));
  message.set_mode(v1::MODE_AUTO);
  message.set_planner(static_cast<v1::PlannerKind>(9));
  EXPECT_THAT(std::string(PolicyFrom(message).status().message()),
              HasSubstr("planner is 9"));
}

TEST(PolicyPatch, SetsWhatTheMaskNamesAndNothingElse) {
  v1::Policy message;
  message.set_trigger_permille(1'500);
  message.set_warm_up_ms(9);
  const auto patch =
      PolicyPatch(message, Mask({"trigger_permille", "return_time_ms"}));
  ASSERT_TRUE(patch.ok()) << patch.status();
  balance::Policy policy = Unusual();
  ASSERT_TRUE((*patch)(policy).ok());
  balance::Policy expected = Unusual();
  expected.trigger_permille = 1'500;
  expected.return_time = milliseconds(0);
  EXPECT_EQ(policy, expected);
}

TEST(PolicyPatch, WithoutAMaskSetsWhatIsNotZero) {
  v1::Policy message;
  message.set_mode(v1::MODE_OFF);
  message.set_z_permille(3'000);
  // Not settings, so they are passed over.
  message.set_name("policies/default");
  message.set_etag("r7");
  message.set_revision(7);
  const auto patch = PolicyPatch(message, {});
  ASSERT_TRUE(patch.ok()) << patch.status();
  balance::Policy policy = Unusual();
  ASSERT_TRUE((*patch)(policy).ok());
  balance::Policy expected = Unusual();
  expected.mode = balance::Mode::kOff;
  expected.z_permille = 3'000;
  EXPECT_EQ(policy, expected);
}

TEST(PolicyPatch, PathsThatAreNoSettingsAreRefused) {
  for (const char* path :
       {"", "trigger", "revision", "name", "etag", "policy.mode", "*"}) {
    const auto patch = PolicyPatch({}, Mask({"mode", path}));
    EXPECT_TRUE(absl::IsInvalidArgument(patch.status())) << path;
    EXPECT_THAT(std::string(patch.status().message()),
                HasSubstr(std::string("\"") + path + "\""));
  }
}

TEST(PolicyPatch, MustSetSomething) {
  v1::Policy message;
  message.set_etag("r7");
  EXPECT_TRUE(absl::IsInvalidArgument(PolicyPatch(message, {}).status()));
}

TEST(PolicyPatch, AMaskedModeOfNothingIsRefusedAndChangesNothing) {
  const auto patch = PolicyPatch({}, Mask({"mode"}));
  ASSERT_TRUE(patch.ok()) << patch.status();
  balance::Policy policy = Unusual();
  EXPECT_TRUE(absl::IsInvalidArgument((*patch)(policy)));
  EXPECT_EQ(policy, Unusual());
}

TEST(PolicyOverlay, MayBeOfNothing) {
  balance::Policy policy = Unusual();
  EXPECT_TRUE(PolicyOverlay({})(policy).ok());
  EXPECT_EQ(policy, Unusual());
}

}  // namespace
}  // namespace lb::controller
