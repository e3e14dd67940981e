#include "tests/cli/command_fixture.h"

#include <sstream>

#include "cli/command_line.h"
#include "cli/flow_hash_command.h"
#include "cli/plan_compute_command.h"
#include "cli/simulate_command.h"
#include "tests/support/fake_clock.h"

namespace lb::cli {

CommandResult RunCommand(const std::vector<std::string>& arguments,
                         const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const FakeClock clock;
  CommandContext context{.in = in, .out = out, .err = err, .clock = clock};
  CommandLine line(context);
  AddFlowHashCommand(line);
  AddPlanComputeCommand(line);
  AddSimulateCommand(line);
  std::vector<const char*> argv = {"lbctl"};
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  const int exit_code = line.Run(static_cast<int>(argv.size()), argv.data());
  return {exit_code, out.str(), err.str()};
}

}  // namespace lb::cli
