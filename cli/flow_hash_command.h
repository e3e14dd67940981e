// lbctl flow hash: the hash and bucket of one flow key. Needs no server.
#ifndef LB_CLI_FLOW_HASH_COMMAND_H_
#define LB_CLI_FLOW_HASH_COMMAND_H_

#include "cli/command_line.h"

namespace lb::cli {

// Prints {"hash":H,"bucket":B}.
void AddFlowHashCommand(CommandLine& line);

}  // namespace lb::cli

#endif  // LB_CLI_FLOW_HASH_COMMAND_H_
