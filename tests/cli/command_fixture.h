// Runs lbctl's offline commands in this process, on strings.
#ifndef LB_TESTS_CLI_COMMAND_FIXTURE_H_
#define LB_TESTS_CLI_COMMAND_FIXTURE_H_

#include <sstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/flow_hash_command.h"
#include "cli/plan_compute_command.h"
#include "cli/program.h"
#include "cli/simulate_command.h"
#include "tests/support/fake_clock.h"

namespace lb::cli {

struct CommandResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

inline CommandResult RunCommand(std::vector<std::string> arguments,
                                const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  FakeClock clock;
  CommandContext context{.in = in, .out = out, .err = err, .clock = clock};
  CLI::App app;
  DescribeProgram(app);
  AddFlowHashCommand(app, context);
  AddPlanComputeCommand(app, context);
  AddSimulateCommand(app, context);
  std::vector<const char*> argv = {"lbctl"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  const int exit_code =
      RunProgram(app, context, static_cast<int>(argv.size()), argv.data());
  return {exit_code, out.str(), err.str()};
}

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_COMMAND_FIXTURE_H_
