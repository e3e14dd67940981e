#include "tests/cli/online_fixture.h"

#include <cstdlib>
#include <sstream>

#include "cli/command_line.h"
#include "cli/online_commands.h"
#include "gmock/gmock.h"

namespace lb::cli {

using ::testing::MatchesRegex;

OnlineTest::OnlineTest() {
  for (const char* variable :
       {"LBCTL_CONTROLLER", "LBCTL_RUN_DIR", "LBCTL_TLS_CERT", "LBCTL_TLS_KEY",
        "LBCTL_TLS_CA", "LBCTL_TRUST_DOMAIN"}) {
    unsetenv(variable);
  }
}

CommandResult OnlineTest::RunBare(const std::vector<std::string>& arguments) {
  std::istringstream in(typed_);
  std::ostringstream out;
  std::ostringstream err;
  CommandContext context{.in = in,
                         .out = out,
                         .err = err,
                         .clock = clock_,
                         .interactive = interactive_};
  CommandLine line(context);
  AddOnlineCommands(line);
  std::vector<const char*> argv = {"lbctl"};
  for (const std::string& a : arguments) argv.push_back(a.c_str());
  const int code = line.Run(static_cast<int>(argv.size()), argv.data());
  return {code, out.str(), err.str()};
}

CommandResult OnlineTest::Run(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--controller", address_});
  return RunBare(arguments);
}

nlohmann::json OnlineTest::RunJson(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"-o", "json"});
  const CommandResult result = Run(arguments);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  return nlohmann::json::parse(result.out, nullptr, false);
}

void OnlineTest::ExpectUsageErrors(
    const std::vector<std::vector<std::string>>& cases) {
  for (const auto& arguments : cases) {
    const CommandResult result = RunBare(arguments);
    SCOPED_TRACE(::testing::PrintToString(arguments) + ": " + result.err);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]+\n"));
  }
}

}  // namespace lb::cli
