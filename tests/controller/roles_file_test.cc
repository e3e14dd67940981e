#include "controller/rpc/roles_file.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "tests/controller/temporary_directory.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(RolesFile, GivesUsersTheirRoles) {
  const auto roles =
      ParseRoles("users:\n  alice: admin\n  bob: viewer\n  eve: operator\n");
  ASSERT_TRUE(roles.ok()) << roles.status();
  EXPECT_THAT(*roles, UnorderedElementsAre(Pair("alice", Role::kAdmin),
                                           Pair("bob", Role::kViewer),
                                           Pair("eve", Role::kOperator)));
  EXPECT_TRUE(ParseRoles("users: {}").value().empty());
}

struct BadRoles {
  const char* name;
  const char* yaml;
  const char* words;
};

class BadRolesTest : public testing::TestWithParam<BadRoles> {};

TEST_P(BadRolesTest, IsRefusedWithItsLine) {
  const auto roles = ParseRoles(GetParam().yaml);
  EXPECT_TRUE(absl::IsInvalidArgument(roles.status())) << roles.status();
  EXPECT_THAT(std::string(roles.status().message()),
              HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadRolesTest,
    testing::Values(
        BadRoles{"empty", "", "no users"},
        BadRoles{"list", "- alice", "no users"},
        BadRoles{"unknown_key", "users: {}\ngroups: {}\n",
                 "line 2: key \"groups\" is unknown"},
        BadRoles{"unknown_role", "users:\n  alice: admin\n  bob: root\n",
                 "line 3: user \"bob\" has role \"root\""},
        BadRoles{"agents_are_no_users", "users:\n  a: agent\n", "line 2"},
        BadRoles{"no_role", "users:\n  a: none\n", "line 2"},
        BadRoles{"nothing", "users:\n  a:\n", "line 2"},
        BadRoles{"map_for_a_role", "users:\n  a: {b: c}\n", "line 2"},
        BadRoles{"users_are_no_list", "users: [alice]", "line 1: users is"},
        BadRoles{"twice", "users:\n  a: admin\n  a: viewer\n",
                 "line 3: user \"a\" is there twice"},
        BadRoles{"users_twice", "users: {}\nusers: {}\n", "there twice"},
        BadRoles{"no_yaml", "users: {alice", "not YAML"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RolesFile, ErrorsNameTheFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/roles.yaml";
  EXPECT_THAT(std::string(ReadRolesFile(path).status().message()),
              HasSubstr(path));
  std::ofstream(path) << "users: {a: root}\n";
  EXPECT_THAT(std::string(ReadRolesFile(path).status().message()),
              HasSubstr(path + ": line 1"));
}

}  // namespace
}  // namespace lb::controller
