// lbctl flow trace and heaviest: what only a host can know of its connections.
#ifndef LB_CLI_FLOW_COMMAND_H_
#define LB_CLI_FLOW_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddFlowCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_FLOW_COMMAND_H_
