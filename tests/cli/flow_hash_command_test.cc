#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/cli/command_fixture.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

CommandResult FlowHash(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"flow", "hash"});
  return RunCommand(std::move(arguments));
}

// Published RSS verification data: hashes of addresses and ports.
TEST(FlowHashCommand, HashesAsPublished) {
  const CommandResult v4 = FlowHash(
      {"--hash", "toeplitz", "66.9.149.187", "2794", "161.142.100.80", "1766"});
  EXPECT_EQ(v4.exit_code, 0);
  // 0x51ccc178, and its low ten bits.
  EXPECT_EQ(v4.out, "{\"hash\":1372373368,\"bucket\":376}\n");
  const CommandResult v6 =
      FlowHash({"--hash", "toeplitz", "--buckets", "64",
                "3ffe:2501:200:1fff::7", "2794", "3ffe:2501:200:3::1", "1766"});
  EXPECT_EQ(v6.out, "{\"hash\":1075871037,\"bucket\":61}\n");  // 0x40207d3d
}

TEST(FlowHashCommand, TakesAKey) {
  const std::vector<std::string> flow = {"66.9.149.187", "2794",
                                         "161.142.100.80", "1766"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), flow.begin(), flow.end());
    return FlowHash(arguments).out;
  };
  EXPECT_EQ(with({"--hash", "toeplitz", "--key",
                  "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da3"
                  "8030f20c6a42b73bbeac01fa"}),
            with({"--hash", "toeplitz"}));
  EXPECT_EQ(with({"--key", std::string(32, '0')}), with({}));
  EXPECT_NE(with({"--key", std::string(32, 'f')}), with({}));
}

TEST(FlowHashCommand, DirectionsAgreeOnlyWhenSymmetric) {
  const std::vector<std::string> there = {"192.0.2.1", "1", "192.0.2.2", "2"};
  const std::vector<std::string> back = {"192.0.2.2", "2", "192.0.2.1", "1"};
  EXPECT_NE(FlowHash(there).out, FlowHash(back).out);
  const auto symmetric = [](std::vector<std::string> flow) {
    flow.insert(flow.begin(), "--symmetric");
    return FlowHash(flow).out;
  };
  EXPECT_EQ(symmetric(there), symmetric(back));
  EXPECT_NE(symmetric(there), "");
}

TEST(FlowHashCommand, WrongArgumentsAreNamed) {
  struct Case {
    std::vector<std::string> arguments;
    const char* message;
  };
  const Case cases[] = {
      {{"192.0.2", "1", "192.0.2.2", "2"}, "192.0.2"},
      {{"192.0.2.1", "65536", "192.0.2.2", "2"}, "65536"},
      {{"192.0.2.1", "x", "192.0.2.2", "2"}, "x"},
      {{"192.0.2.1", "1", "::1", "2"}, "not of one IP version"},
      {{"192.0.2.1", "1", "192.0.2.2"}, "DPORT"},
      {{"192.0.2.1", "1", "192.0.2.2", "2", "3"}, "3"},
      {{"--buckets", "100", "192.0.2.1", "1", "192.0.2.2", "2"},
       "buckets is 100; use a power of two"},
      {{"--buckets", "32", "192.0.2.1", "1", "192.0.2.2", "2"},
       "buckets is 32"},
      {{"--key", "0g", "192.0.2.1", "1", "192.0.2.2", "2"}, "hexadecimal"},
      {{"--key", "000", "192.0.2.1", "1", "192.0.2.2", "2"}, "odd number"},
      {{"--key", "0011", "192.0.2.1", "1", "192.0.2.2", "2"}, "16"},
      {{"--hash", "crc", "192.0.2.1", "1", "192.0.2.2", "2"}, "crc"},
  };
  for (const Case& c : cases) {
    const CommandResult r = FlowHash(c.arguments);
    SCOPED_TRACE(::testing::PrintToString(c.arguments));
    EXPECT_EQ(r.exit_code, 2);
    EXPECT_EQ(r.out, "");
    EXPECT_THAT(r.err, MatchesRegex("lbctl: error: [^\n]+\n"));
    EXPECT_THAT(r.err, HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace lb::cli
