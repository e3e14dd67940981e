// lbctl event tail.
#ifndef LB_CLI_EVENT_COMMAND_H_
#define LB_CLI_EVENT_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddEventCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_EVENT_COMMAND_H_
