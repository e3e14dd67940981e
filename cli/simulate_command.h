// lbctl simulate: what planners would make of a scenario.
#ifndef LB_CLI_SIMULATE_COMMAND_H_
#define LB_CLI_SIMULATE_COMMAND_H_

#include "cli/command_line.h"

namespace lb::cli {

void AddSimulateCommand(CommandLine& line);

}  // namespace lb::cli

#endif  // LB_CLI_SIMULATE_COMMAND_H_
