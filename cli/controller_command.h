// lbctl controller status and adopt, and lbctl backup.
#ifndef LB_CLI_CONTROLLER_COMMAND_H_
#define LB_CLI_CONTROLLER_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddControllerCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_CONTROLLER_COMMAND_H_
