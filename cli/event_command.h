// lbctl event tail. It asks a controller; see connection.h.
#ifndef LB_CLI_EVENT_COMMAND_H_
#define LB_CLI_EVENT_COMMAND_H_

#include <memory>

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/connection.h"

namespace lb::cli {

void AddEventTailCommand(CLI::App& app, CommandContext& context,
                         std::shared_ptr<const ConnectionOptions> connection);

}  // namespace lb::cli

#endif  // LB_CLI_EVENT_COMMAND_H_
