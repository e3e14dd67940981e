// lbctl plan compute: plans for snapshots read from a file. Needs no server.
#ifndef LB_CLI_PLAN_COMPUTE_COMMAND_H_
#define LB_CLI_PLAN_COMPUTE_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

// Answers each line of input with one line; see snapshot_json.h for both.
void AddPlanComputeCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_COMPUTE_COMMAND_H_
