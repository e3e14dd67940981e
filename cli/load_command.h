// lbctl load list and watch.
#ifndef LB_CLI_LOAD_COMMAND_H_
#define LB_CLI_LOAD_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddLoadCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_LOAD_COMMAND_H_
