// lbctl host list and host show. They ask a controller; see connection.h.
#ifndef LB_CLI_HOST_COMMAND_H_
#define LB_CLI_HOST_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

void AddHostListCommand(CLI::App& app, CommandContext& context);
void AddHostShowCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_HOST_COMMAND_H_
