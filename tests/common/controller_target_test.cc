#include "common/controller_target.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

TEST(ControllerTarget, ReadsWhatMayBePlaintext) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"unix:/run/x.sock", "unix:/run/x.sock"},
      {"unix:x.sock", "unix:x.sock"},
      {"127.0.0.1:7000", "ipv4:127.0.0.1:7000"},
      {"127.9.9.9:1", "ipv4:127.9.9.9:1"},
      {"localhost:65535", "ipv4:127.0.0.1:65535"},
      {"[::1]:7000", "ipv6:[::1]:7000"},
  };
  for (const auto& [text, target] : cases) {
    const auto parsed = ParseControllerTarget(text, PlaintextTcp::kOnLoopback);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, target);
  }
  EXPECT_TRUE(ParseControllerTarget("unix:/x", PlaintextTcp::kRefused).ok());
}

TEST(ControllerTarget, RefusesWithTheWayOut) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "use unix:PATH or HOST:PORT"},
      {"unix:", "needs a path"},
      {"unix:" + std::string(108, 'x'), "1 to 107 bytes"},
      {"127.0.0.1", "use unix:PATH or HOST:PORT"},
      {"127.0.0.1:0", "use unix:PATH or HOST:PORT"},
      {"127.0.0.1:65536", "use unix:PATH or HOST:PORT"},
      {"127.0.0.1:x", "use unix:PATH or HOST:PORT"},
      {":7000", "use unix:PATH or HOST:PORT"},
      {"10.0.0.1:7000", "not on loopback"},
      {"128.0.0.1:7000", "not on loopback"},
      {"controller.example:7000", "not on loopback"},
      {"[2001:db8::1]:7000", "not on loopback"},
      {"::1:7000", "not on loopback"},
      {"[127.0.0.1]:7000", "not on loopback"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status =
        ParseControllerTarget(text, PlaintextTcp::kOnLoopback).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason)) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr('"' + text + '"'));
  }
  EXPECT_THAT(std::string(ParseControllerTarget("127.0.0.1:7000",
                                                PlaintextTcp::kRefused)
                              .status()
                              .message()),
              HasSubstr("add --insecure-loopback"));
}

TEST(ControllerTarget, WithTlsAnyHostWillDo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"controller.example:7000", "dns:///controller.example:7000"},
      {"localhost:7000", "dns:///localhost:7000"},
      {"10.0.0.1:7000", "ipv4:10.0.0.1:7000"},
      {"[2001:db8::1]:7000", "ipv6:[2001:db8::1]:7000"},
  };
  for (const auto& [text, target] : cases) {
    const auto parsed = ParseTlsTarget(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, target);
  }
}

TEST(ControllerTarget, WithTlsRefusesWhatNamesNoHost) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"unix:/run/x.sock", "is a unix socket"},
      {"", "use unix:PATH or HOST:PORT"},
      {"controller.example", "use unix:PATH or HOST:PORT"},
      {"controller.example:0", "use unix:PATH or HOST:PORT"},
      {"2001:db8::1:7000", "names no host"},
      {"[10.0.0.1]:7000", "names no host"},
      {"a/b:7000", "names no host"},
      {"a b:7000", "names no host"},
      {"-a:7000", "names no host"},
      {std::string(254, 'a') + ":7000", "names no host"},
  };
  for (const auto& [text, reason] : cases) {
    const absl::Status status = ParseTlsTarget(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(reason)) << text;
  }
}

TEST(ControllerTarget, NobodyListensSaysGrpc) {
  EXPECT_TRUE(NobodyListens(
      "failed to connect to all addresses; last error: UNKNOWN: "
      "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection "
      "refused"));
  EXPECT_TRUE(NobodyListens("DNS resolution failed for nowhere:1: NOT_FOUND"));
  EXPECT_FALSE(
      NobodyListens("failed to connect to all addresses; last error: UNKNOWN: "
                    "ipv4:127.0.0.1:1: Ssl handshake failed"));
}

}  // namespace
}  // namespace lb
