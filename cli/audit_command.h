// lbctl audit list and verify.
#ifndef LB_CLI_AUDIT_COMMAND_H_
#define LB_CLI_AUDIT_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddAuditCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_AUDIT_COMMAND_H_
