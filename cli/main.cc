// lbctl: the command line.
#include <unistd.h>

#include <iostream>

#include "cli/command_line.h"
#include "cli/flow_hash_command.h"
#include "cli/online_commands.h"
#include "cli/plan_compute_command.h"
#include "cli/simulate_command.h"
#include "common/clock.h"

int main(int argc, char** argv) {
  lb::cli::CommandContext context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .clock = lb::SystemClock(),
      .interactive = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1,
  };
  lb::cli::CommandLine line(context);
  lb::cli::AddOnlineCommands(line);
  lb::cli::AddFlowHashCommand(line);
  lb::cli::AddPlanComputeCommand(line);
  lb::cli::AddSimulateCommand(line);
  return line.Run(argc, argv);
}
