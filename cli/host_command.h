// lbctl host list and host show. They ask a controller; see connection.h.
#ifndef LB_CLI_HOST_COMMAND_H_
#define LB_CLI_HOST_COMMAND_H_

#include <memory>

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/connection.h"

namespace lb::cli {

void AddHostListCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection);
void AddHostShowCommand(CLI::App& app, CommandContext& context,
                        std::shared_ptr<const ConnectionOptions> connection);

}  // namespace lb::cli

#endif  // LB_CLI_HOST_COMMAND_H_
