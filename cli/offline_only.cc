// Stands in for online_commands.cc in a program built without gRPC.
#include "cli/online_commands.h"

namespace lb::cli {

void AddOnlineCommands(CommandLine& /*line*/) {}

}  // namespace lb::cli
