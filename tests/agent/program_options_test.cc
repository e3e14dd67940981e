#include "agent/program_options.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

absl::StatusOr<CommandLine> Parse(std::vector<std::string> arguments) {
  std::vector<const char*> argv = {"lb-agent"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  return ParseCommandLine(static_cast<int>(argv.size()), argv.data());
}

TEST(ProgramOptions, HaveTheirDefaults) {
  const auto parsed = Parse({"--source", "pcap:x", "--host", "a"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const ProgramOptions& options = *parsed->run;
  EXPECT_EQ(options.host, "a");
  EXPECT_EQ(options.controller, "unix:/run/lb-controller/agent.sock");
  EXPECT_EQ(options.state_dir, "/var/lib/lb-agent");
  EXPECT_EQ(options.buckets, 1'024u);
  EXPECT_EQ(options.hash, HashKind::kSipHash);
  EXPECT_FALSE(options.processors.empty());
  EXPECT_TRUE(options.spin);  // as many processors as CPUs
  EXPECT_EQ(options.handler, "count");
  EXPECT_FALSE(options.standalone);
}

TEST(ProgramOptions, TakeEveryFlag) {
  const auto parsed = Parse({"--host",
                             "edge-1",
                             "--controller",
                             "127.0.0.1:7000",
                             "--insecure-loopback",
                             "--state-dir",
                             "/s",
                             "--processors",
                             "1000",
                             "--capacity",
                             "1/6",
                             "--buckets",
                             "2048",
                             "--hash",
                             "toeplitz",
                             "--key-file",
                             "/k",
                             "--source",
                             "pcap:a",
                             "--source",
                             "pcap:b",
                             "--handler",
                             "burn:20us",
                             "--idle-timeout",
                             "5s",
                             "--max-connections",
                             "99",
                             "--label",
                             "rack=1",
                             "--label",
                             "row=2",
                             "--log-level",
                             "debug"});
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const ProgramOptions& options = *parsed->run;
  EXPECT_EQ(options.controller, "ipv4:127.0.0.1:7000");
  EXPECT_EQ(options.processors.size(), 1'000u);
  EXPECT_EQ(options.processors[999].capacity_permille, 167u);
  EXPECT_FALSE(options.spin);  // more processors than CPUs
  EXPECT_EQ(options.buckets, 2'048u);
  EXPECT_EQ(options.hash, HashKind::kToeplitz);
  EXPECT_THAT(options.sources, ElementsAre("pcap:a", "pcap:b"));
  EXPECT_EQ(options.idle_timeout, std::chrono::seconds(5));
  EXPECT_EQ(options.max_connections, 99u);
  EXPECT_EQ(options.labels.at("row"), "2");
  EXPECT_FALSE(Parse({"--source", "pcap:x", "--processors", "1", "--no-spin"})
                   ->run->spin);
  EXPECT_TRUE(Parse({"--source", "pcap:x", "--processors", "999", "--spin"})
                  ->run->spin);
}

TEST(ProgramOptions, TlsTakesAllOfItsFlagsAndAnyController) {
  const std::vector<std::string> flags = {
      "--source",   "pcap:x", "--controller",   "controller.test:7000",
      "--tls-cert", "/c",     "--tls-key",      "/k",
      "--tls-ca",   "/a",     "--trust-domain", "lb.test"};
  const auto parsed = Parse(flags);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->run->controller, "dns:///controller.test:7000");
  ASSERT_TRUE(parsed->run->tls.has_value());
  EXPECT_EQ(parsed->run->tls->paths.certificate, "/c");
  EXPECT_EQ(parsed->run->tls->paths.key, "/k");
  EXPECT_EQ(parsed->run->tls->paths.authorities, "/a");
  EXPECT_EQ(parsed->run->tls->trust_domain, "lb.test");
  for (std::size_t i = 4; i < flags.size(); i += 2) {
    std::vector<std::string> without = flags;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i),
                  without.begin() + static_cast<std::ptrdiff_t>(i) + 2);
    EXPECT_THAT(std::string(Parse(without).status().message()),
                HasSubstr(flags[i]));
  }
  std::vector<std::string> insecure = flags;
  insecure.emplace_back("--insecure-loopback");
  EXPECT_THAT(std::string(Parse(insecure).status().message()),
              HasSubstr("--insecure-loopback"));
  std::vector<std::string> socket = flags;
  socket[3] = "unix:/run/x.sock";
  EXPECT_THAT(std::string(Parse(socket).status().message()),
              HasSubstr("is a unix socket"));
  std::vector<std::string> domain = flags;
  domain.back() = "LB.test";
  EXPECT_THAT(std::string(Parse(domain).status().message()),
              HasSubstr("trust domain \"LB.test\""));
}

TEST(ProgramOptions, MistakesAreOneLineThatNamesThem) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "--source"},
      {{"--nonsense"}, "--nonsense"},
      {{"--capacity", "2"}, "capacity \"2\""},
      {{"--buckets", "100"}, "buckets is 100"},
      {{"--processors", "0"}, "--processors"},
      {{"--processors", "1025"}, "--processors"},
      {{"--cpus", "x"}, "CPU list \"x\""},
      {{"--cpus", "4000"}, "CPU 4000"},
      {{"--hash", "md5"}, "--hash"},
      {{"--controller", "127.0.0.1:7000"}, "--insecure-loopback"},
      {{"--controller", "10.0.0.1:7", "--insecure-loopback"},
       "not on loopback"},
      {{"--idle-timeout", "soon"}, "duration \"soon\""},
      {{"--label", "x"}, "label \"x\""},
      {{"--host", "a/b"}, "host \"a/b\""},
      {{"--once"}, "--standalone"},
      {{"--report", "-"}, "--standalone"},
      {{"--log-level", "loud"}, "--log-level"},
  };
  for (auto [arguments, what] : cases) {
    if (!arguments.empty()) {
      arguments.insert(arguments.end(), {"--source", "pcap:x"});
    }
    const absl::Status status = Parse(arguments).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << what;
    EXPECT_THAT(std::string(status.message()), HasSubstr(what));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
  }
}

TEST(ProgramOptions, HelpAndVersionAreText) {
  const auto help = Parse({"--help"});
  ASSERT_TRUE(help.ok());
  EXPECT_FALSE(help->run.has_value());
  EXPECT_THAT(help->text, HasSubstr("--capacity"));
  EXPECT_THAT(help->text, HasSubstr("interface:NAME"));
  EXPECT_THAT(Parse({"--version"})->text,
              testing::MatchesRegex("lb-agent [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace lb::agent
