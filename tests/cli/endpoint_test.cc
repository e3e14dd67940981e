#include "cli/endpoint.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "cli/errors.h"
#include "common/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;

TEST(Endpoint, IsTheSocketWithTheLeastRightsThatSuffices) {
  ConnectionOptions options;
  options.run_dir = "/nowhere";
  const auto socket = [&](v1::Role role) {
    return ChooseEndpoint(options, role)->target;
  };
  EXPECT_EQ(socket(v1::ROLE_VIEWER), "unix:/nowhere/viewer.sock");
  EXPECT_EQ(socket(v1::ROLE_OPERATOR), "unix:/nowhere/operator.sock");
  EXPECT_EQ(socket(v1::ROLE_ADMIN), "unix:/nowhere/admin.sock");
}

TEST(Endpoint, SocketsThatMayNotBeOpenedAreSkipped) {
  if (geteuid() == 0) GTEST_SKIP() << "root may open everything";
  const TempDir dir;
  ConnectionOptions options;
  options.run_dir = dir.path();
  for (const char* name : {"viewer.sock", "operator.sock"}) {
    std::ofstream(dir.File(name)) << "";
    chmod(dir.File(name).c_str(), 0);
  }
  EXPECT_EQ(ChooseEndpoint(options, v1::ROLE_VIEWER)->target,
            "unix:" + dir.File("admin.sock"));
  std::ofstream(dir.File("admin.sock")) << "";
  chmod(dir.File("admin.sock").c_str(), 0);
  const auto denied = ChooseEndpoint(options, v1::ROLE_OPERATOR);
  EXPECT_EQ(ExitCodeOf(denied.status()), kExitDenied);
  EXPECT_THAT(OneLine(denied.status()), HasSubstr("operator.sock"));
}

ConnectionOptions WithTls(const std::string& controller) {
  ConnectionOptions options;
  options.controller = controller;
  options.tls_cert = "cert.pem";
  options.tls_key = "key.pem";
  options.tls_ca = "ca.pem";
  options.trust_domain = "example.org";
  return options;
}

TEST(Endpoint, TcpIsMutualTls) {
  for (const char* controller :
       {"10.0.0.1:7443", "lb.example.org:7443", "[2001:db8::1]:7443"}) {
    const auto endpoint = ChooseEndpoint(WithTls(controller), v1::ROLE_VIEWER);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_TRUE(endpoint->tls);
    EXPECT_EQ(endpoint->target, std::string("dns:///") + controller);
  }
}

TEST(Endpoint, ASocketStaysOneUnderVariablesOfTls) {
  for (const char* controller : {"unix:/a/b", ""}) {
    ConnectionOptions options;
    options.controller = controller;
    options.trust_domain = "example.org";
    const auto flag = ChooseEndpoint(options, v1::ROLE_VIEWER);
    EXPECT_EQ(ExitCodeOf(flag.status()), kExitUsage);
    EXPECT_THAT(OneLine(flag.status()), HasSubstr("takes no TLS"));
    setenv("LBCTL_TRUST_DOMAIN", "example.org", 1);
    const auto variable = ChooseEndpoint(options, v1::ROLE_VIEWER);
    unsetenv("LBCTL_TRUST_DOMAIN");
    ASSERT_TRUE(variable.ok()) << variable.status();
    EXPECT_FALSE(variable->tls);
  }
}

TEST(Endpoint, PlaintextTcpIsAskedForAndOnLoopback) {
  ConnectionOptions options;
  options.controller = "127.0.0.1:7000";
  options.insecure_loopback = true;
  const auto endpoint = ChooseEndpoint(options, v1::ROLE_ADMIN);
  EXPECT_EQ(endpoint->target, "ipv4:127.0.0.1:7000");
  EXPECT_FALSE(endpoint->tls);
}

TEST(Endpoint, OptionsThatDoNotGoTogetherAreUsageErrors) {
  const auto fails = [](const ConnectionOptions& options, const char* words) {
    const auto endpoint = ChooseEndpoint(options, v1::ROLE_VIEWER);
    EXPECT_EQ(ExitCodeOf(endpoint.status()), kExitUsage) << words;
    EXPECT_THAT(OneLine(endpoint.status()), HasSubstr(words));
  };
  ConnectionOptions options;
  options.controller = "127.0.0.1:7000";
  fails(options, "--insecure-loopback");
  fails(options, "--trust-domain");
  options.controller = "nonsense";
  fails(options, "use unix:PATH or HOST:PORT");
  options.controller = "10.0.0.1:7";
  options.insecure_loopback = true;
  fails(options, "is not on loopback");
  options = WithTls("127.0.0.1:7000");
  options.insecure_loopback = true;
  fails(options, "use one of them");
  for (std::string ConnectionOptions::*part :
       {&ConnectionOptions::tls_cert, &ConnectionOptions::tls_key,
        &ConnectionOptions::tls_ca, &ConnectionOptions::trust_domain}) {
    options = WithTls("10.0.0.1:7443");
    options.*part = "";
    fails(options, "is missing");
  }
  for (const char* target : {"10.0.0.1", "10.0.0.1:0", ":7443", "a/b:1"}) {
    fails(WithTls(target), "is not a target");
  }
}

}  // namespace
}  // namespace lb::cli
