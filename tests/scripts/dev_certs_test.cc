// scripts/dev-certs as it is run; what openssl makes of its files.
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/text_file.h"
#include "gmock/gmock.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kLimit{60};

Ended EndOf(std::vector<std::string> argv) {
  auto ended = RunProgram(argv, kLimit);
  EXPECT_TRUE(ended.ok()) << ended.status();
  return ended.ok() ? *ended : Ended();
}

class DevCertsTest : public testing::Test {
 protected:
  Ended Make(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(),
                     {LB_SOURCE_DIR "/scripts/dev-certs", certs_});
    return EndOf(std::move(arguments));
  }
  Ended Openssl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "/usr/bin/openssl");
    return EndOf(std::move(arguments));
  }
  std::string File(const std::string& name) const {
    return certs_ + "/" + name;
  }
  std::string NamesOf(const std::string& name) const {
    return Openssl({"x509", "-in", File(name), "-noout", "-ext",
                    "subjectAltName,extendedKeyUsage"})
        .out;
  }
  // Every file with its bytes.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(certs_)) {
      files[entry.path().filename()] = ReadTextFile(entry.path()).value();
    }
    return files;
  }

  const TempDir directory_;
  const std::string certs_ = directory_.File("certs");
};

TEST_F(DevCertsTest, MakesWhatIsAskedFor) {
  const Ended made = Make({"--agent", "alpha", "--user", "alice:admin",
                           "--user", "bob", "--trust-domain", "example.com",
                           "--controller-name", "lb.example.com"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  for (const std::string name :
       {"controller.crt", "agent-alpha.crt", "user-alice.crt"}) {
    EXPECT_EQ(
        Openssl({"verify", "-CAfile", File("ca.crt"), File(name)}).exit_code, 0)
        << name;
  }
  EXPECT_THAT(NamesOf("controller.crt"),
              testing::AllOf(HasSubstr("URI:spiffe://example.com/controller,"),
                             HasSubstr("DNS:lb.example.com"),
                             HasSubstr("IP Address:127.0.0.1"),
                             HasSubstr("TLS Web Server Authentication")));
  EXPECT_THAT(
      NamesOf("agent-alpha.crt"),
      testing::AllOf(HasSubstr("URI:spiffe://example.com/agent/alpha\n"),
                     HasSubstr("TLS Web Client Authentication")));
  EXPECT_THAT(NamesOf("user-alice.crt"),
              HasSubstr("URI:spiffe://example.com/user/alice\n"));
  EXPECT_EQ(ReadTextFile(File("roles.yaml")).value(),
            "users:\n  alice: admin\n  bob: viewer\n");
  for (const auto& [name, bytes] : Files()) {
    struct stat status {};
    ASSERT_EQ(stat(File(name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
  }
}

TEST_F(DevCertsTest, NeverOverwrites) {
  ASSERT_EQ(Make({"--agent", "alpha"}).exit_code, 0);
  const auto before = Files();
  const Ended agent = Make({"--agent", "alpha"});
  EXPECT_EQ(agent.exit_code, 1);
  EXPECT_THAT(agent.err, HasSubstr("agent-alpha.crt is there"));
  const Ended nothing = Make({});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("name an --agent or --user"));
  // One of two is there: neither is made.
  EXPECT_EQ(Make({"--agent", "beta", "--agent", "alpha"}).exit_code, 1);
  EXPECT_EQ(Files(), before);
}

TEST_F(DevCertsTest, AddsToTheAuthorityThatIsThere) {
  ASSERT_EQ(Make({}).exit_code, 0);
  EXPECT_EQ(ReadTextFile(File("roles.yaml")).value(), "users: {}\n");
  const auto before = Files();
  ASSERT_EQ(Make({"--agent", "beta", "--user", "carol:operator"}).exit_code, 0);
  EXPECT_EQ(
      Openssl({"verify", "-CAfile", File("ca.crt"), File("agent-beta.crt")})
          .exit_code,
      0);
  EXPECT_EQ(Files().at("ca.key"), before.at("ca.key"));
  EXPECT_EQ(Files().at("controller.crt"), before.at("controller.crt"));
  EXPECT_EQ(ReadTextFile(File("roles.yaml")).value(),
            "users:\n  carol: operator\n");
  // A new certificate of a user leaves his role alone.
  std::filesystem::remove(File("user-carol.crt"));
  std::filesystem::remove(File("user-carol.key"));
  ASSERT_EQ(Make({"--user", "carol:admin"}).exit_code, 0);
  EXPECT_EQ(ReadTextFile(File("roles.yaml")).value(),
            "users:\n  carol: operator\n");
}

TEST_F(DevCertsTest, MistakesAreOneLineAndMakeNothing) {
  const std::vector<std::vector<std::string>> cases = {
      {"--bogus"},
      {"second-directory"},
      {"--agent"},
      {"--agent", "a/b"},
      {"--user", "alice:root"},
      {"--days", "0"},
      {"--user", ""},
      {"--trust-domain", "A B"},
      {"--agent", "a", "--agent", "a"}};
  for (const auto& arguments : cases) {
    const Ended ended = Make(arguments);
    EXPECT_NE(ended.exit_code, 0);
    EXPECT_THAT(ended.err, testing::MatchesRegex("dev-certs: error: [^\n]*\n"));
    EXPECT_FALSE(std::filesystem::exists(certs_)) << arguments.front();
  }
}

}  // namespace
}  // namespace lb
