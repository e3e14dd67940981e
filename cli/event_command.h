// lbctl event tail. It asks a controller; see connection.h.
#ifndef LB_CLI_EVENT_COMMAND_H_
#define LB_CLI_EVENT_COMMAND_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

void AddEventTailCommand(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_EVENT_COMMAND_H_
