// lbctl flow hash: the hash and bucket of one flow key. Needs no server.
#ifndef LB_CLI_FLOW_HASH_COMMAND_H_
#define LB_CLI_FLOW_HASH_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

// Prints {"hash":H,"bucket":B}.
void AddFlowHashCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_FLOW_HASH_COMMAND_H_
