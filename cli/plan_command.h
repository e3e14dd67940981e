// lbctl plan list, show, explain and replay.
#ifndef LB_CLI_PLAN_COMMAND_H_
#define LB_CLI_PLAN_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddPlanCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_COMMAND_H_
