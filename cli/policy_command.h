// lbctl policy get, set and delete.
#ifndef LB_CLI_POLICY_COMMAND_H_
#define LB_CLI_POLICY_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddPolicyCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_POLICY_COMMAND_H_
