// lbctl simulate: what planners would make of a scenario.
#ifndef LB_CLI_SIMULATE_COMMAND_H_
#define LB_CLI_SIMULATE_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

void AddSimulateCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_SIMULATE_COMMAND_H_
