// lbctl host list, show, watch and forget.
#ifndef LB_CLI_HOST_COMMAND_H_
#define LB_CLI_HOST_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddHostCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_HOST_COMMAND_H_
