// lbctl balance pause and resume.
#ifndef LB_CLI_BALANCE_COMMAND_H_
#define LB_CLI_BALANCE_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddBalanceCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_BALANCE_COMMAND_H_
