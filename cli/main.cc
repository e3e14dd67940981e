// lbctl: the command line.
#include <iostream>

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/flow_hash_command.h"
#include "cli/online_commands.h"
#include "cli/plan_compute_command.h"
#include "cli/program.h"
#include "cli/simulate_command.h"
#include "common/clock.h"

int main(int argc, char** argv) {
  lb::cli::CommandContext context{
      .in = std::cin,
      .out = std::cout,
      .err = std::cerr,
      .clock = lb::SystemClock(),
  };
  CLI::App app;
  lb::cli::DescribeProgram(app);
  lb::cli::AddFlowHashCommand(app, context);
  lb::cli::AddPlanComputeCommand(app, context);
  lb::cli::AddSimulateCommand(app, context);
  lb::cli::AddOnlineCommands(app, context);
  return lb::cli::RunProgram(app, context, argc, argv);
}
