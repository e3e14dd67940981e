// lbctl plan list and plan show. They ask a controller; see connection.h.
#ifndef LB_CLI_PLAN_COMMAND_H_
#define LB_CLI_PLAN_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

void AddPlanListCommand(CLI::App& app, CommandContext& context);
void AddPlanShowCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_PLAN_COMMAND_H_
