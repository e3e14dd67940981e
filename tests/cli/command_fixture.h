// Runs lbctl's commands in this process, on strings.
#ifndef LB_TESTS_CLI_COMMAND_FIXTURE_H_
#define LB_TESTS_CLI_COMMAND_FIXTURE_H_

#include <string>
#include <vector>

namespace lb::cli {

struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// The commands that need no server. The clock stands at FakeClock's beginning.
CommandResult RunCommand(const std::vector<std::string>& arguments,
                         const std::string& input = "");

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_COMMAND_FIXTURE_H_
