// lbctl plan compute: plans for snapshots read from a file. Needs no server.
#ifndef LB_CLI_PLAN_COMPUTE_COMMAND_H_
#define LB_CLI_PLAN_COMPUTE_COMMAND_H_

#include "cli/command_line.h"

namespace lb::cli {

// Answers each line of input with one line; see snapshot_json.h for both.
void AddPlanComputeCommand(CommandLine& line);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_COMPUTE_COMMAND_H_
