#include "controller/rpc/identity.h"

#include <string>

#include "common/status.h"
#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

constexpr char kDomain[] = "lb.example";

TEST(SpiffeId, NamesAgentsUsersAndTheController) {
  const auto agent = ParseSpiffeId("spiffe://lb.example/agent/a-1.b", kDomain);
  ASSERT_TRUE(agent.ok()) << agent.status();
  EXPECT_EQ(agent->kind, PeerKind::kAgent);
  EXPECT_EQ(agent->name, "a-1.b");
  const auto user = ParseSpiffeId("spiffe://lb.example/user/alice", kDomain);
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->kind, PeerKind::kUser);
  EXPECT_EQ(user->name, "alice");
  const auto controller =
      ParseSpiffeId("spiffe://lb.example/controller", kDomain);
  ASSERT_TRUE(controller.ok()) << controller.status();
  EXPECT_EQ(controller->kind, PeerKind::kController);
}

class BadSpiffeIdTest : public testing::TestWithParam<std::string> {};

TEST_P(BadSpiffeIdTest, IsNobody) {
  const auto id = ParseSpiffeId(GetParam(), kDomain);
  EXPECT_TRUE(absl::IsUnauthenticated(id.status())) << id.status();
  EXPECT_EQ(ErrorReason(id.status()), "BAD_CERTIFICATE");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSpiffeIdTest,
    testing::Values(
        "", "spiffe://lb.example", "spiffe://lb.example/",
        "spiffe://lb.example/agent", "spiffe://lb.example/agent/",
        "spiffe://lb.example/agent/a/b", "spiffe://lb.example/agent/../user/x",
        "spiffe://lb.example/agent/-a", "spiffe://lb.example/agent/a%2Fb",
        "spiffe://lb.example/agent/a?x", "spiffe://lb.example/agent/a#x",
        "spiffe://lb.example/agent/" + std::string(64, 'a'),
        std::string("spiffe://lb.example/agent/a\0b", 29),
        "spiffe://lb.example/controller/", "spiffe://lb.example/Agent/a",
        "spiffe://lb.example/operator/a", "spiffe://lb.example:443/agent/a",
        "spiffe://u@lb.example/agent/a", "spiffe://LB.example/agent/a",
        "spiffe://lb.example.org/agent/a", "spiffe://other/agent/a",
        "SPIFFE://lb.example/agent/a", "https://lb.example/agent/a",
        " spiffe://lb.example/agent/a"));

TEST(TrustDomain, IsOfFewCharacters) {
  EXPECT_TRUE(ValidateTrustDomain("lb-1.example_x").ok());
  for (const char* bad : {"", "LB", "a/b", "a:1", "a b", "spiffe://a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ValidateTrustDomain(bad))) << bad;
  }
}

TEST(Permit, GivesTheRoleThatAllowsTheCall) {
  const Identity everybody{"insecure-loopback", {Role::kAgent, Role::kAdmin}};
  const auto agent = Permit(everybody, {"S/Connect", Role::kAgent});
  ASSERT_TRUE(agent.ok()) << agent.status();
  EXPECT_EQ(agent->role, Role::kAgent);
  const auto viewer = Permit(everybody, {"S/Get", Role::kViewer});
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  EXPECT_EQ(viewer->role, Role::kAdmin);
  EXPECT_EQ(viewer->name, "insecure-loopback");
}

TEST(Permit, ARefusalNamesMethodCallerItsRoleAndTheOneNeeded) {
  const auto caller =
      Permit({"user/bob", {Role::kViewer}}, {"S/Drain", Role::kOperator});
  EXPECT_TRUE(absl::IsPermissionDenied(caller.status()));
  const std::string message(caller.status().message());
  EXPECT_THAT(message, HasSubstr("S/Drain"));
  EXPECT_THAT(message, HasSubstr("user/bob"));
  EXPECT_THAT(message, HasSubstr("role is viewer"));
  EXPECT_THAT(message, HasSubstr("needs operator"));
  EXPECT_EQ(ErrorReason(caller.status()), "ROLE_REQUIRED");
}

TEST(Permit, NobodyMayCallWhatDeclaresNoRole) {
  const Method method{"S/Forgotten", std::nullopt};
  for (const Role role : {Role::kNone, Role::kAgent, Role::kAdmin}) {
    EXPECT_TRUE(absl::IsPermissionDenied(
        Permit({"somebody", {role}}, method).status()));
  }
}

TEST(Permit, WhoHasNoRoleMayCallNothing) {
  const auto caller = Permit({"user/eve", {}}, {"S/Get", Role::kViewer});
  EXPECT_THAT(std::string(caller.status().message()),
              HasSubstr("role is none"));
}

}  // namespace
}  // namespace lb::controller
