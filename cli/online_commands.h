// The commands that ask a controller, all at once. One thread.
#ifndef LB_CLI_ONLINE_COMMANDS_H_
#define LB_CLI_ONLINE_COMMANDS_H_

#include "cli/command_line.h"

namespace lb::cli {

// Adds them; adds nothing in a program built without gRPC.
void AddOnlineCommands(CommandLine& line);

}  // namespace lb::cli

#endif  // LB_CLI_ONLINE_COMMANDS_H_
