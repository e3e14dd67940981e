// lbctl plan propose, apply and rollback.
#ifndef LB_CLI_PLAN_CHANGE_COMMAND_H_
#define LB_CLI_PLAN_CHANGE_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddPlanChangeCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_CHANGE_COMMAND_H_
