// The commands that ask a controller, all at once. One thread.
#ifndef LB_CLI_ONLINE_COMMANDS_H_
#define LB_CLI_ONLINE_COMMANDS_H_

#include "CLI/CLI.hpp"
#include "cli/command.h"

namespace lb::cli {

// Adds them; adds nothing in a program built without gRPC.
void AddOnlineCommands(CLI::App& app, CommandContext& context);

}  // namespace lb::cli

#endif  // LB_CLI_ONLINE_COMMANDS_H_
