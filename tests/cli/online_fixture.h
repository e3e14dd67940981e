// Runs lbctl's online commands in this process against a fake API.
#ifndef LB_TESTS_CLI_ONLINE_FIXTURE_H_
#define LB_TESTS_CLI_ONLINE_FIXTURE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/cli/command_fixture.h"
#include "tests/cli/fake_api.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace lb::cli {

inline constexpr std::int64_t kNow = 1'767'225'600;  // FakeClock's beginning

class OnlineTest : public ::testing::Test {
 protected:
  OnlineTest();  // with none of lbctl's variables in the environment

  // The API at a socket; after it was told what to answer.
  void Serve() { api_.Serve({.address = address_}); }

  // With the arguments as they are.
  CommandResult RunBare(const std::vector<std::string>& arguments);
  // Against the fake API.
  CommandResult Run(std::vector<std::string> arguments);
  // -o json, which must succeed.
  nlohmann::json RunJson(std::vector<std::string> arguments);
  // Every argument is refused with 2, nothing but one line on standard error,
  // and without anybody asked.
  void ExpectUsageErrors(const std::vector<std::vector<std::string>>& cases);

  const TempDir dir_;
  const std::string address_ = "unix:" + dir_.File("v.sock");
  FakeClock clock_;
  FakeApi api_;
  // What somebody at a terminal types; no terminal while `interactive_` is
  // false.
  std::string typed_;
  bool interactive_ = false;
};

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_ONLINE_FIXTURE_H_
