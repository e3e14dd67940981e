#include "cli/online_commands.h"

#include <memory>

#include "cli/connection.h"
#include "cli/event_command.h"
#include "cli/host_command.h"
#include "cli/plan_command.h"

namespace lb::cli {

void AddOnlineCommands(CLI::App& app, CommandContext& context) {
  const auto connection = std::make_shared<ConnectionOptions>();
  AddConnectionFlags(app, *connection);
  AddHostListCommand(app, context, connection);
  AddHostShowCommand(app, context, connection);
  AddPlanListCommand(app, context, connection);
  AddPlanShowCommand(app, context, connection);
  AddEventTailCommand(app, context, connection);
}

}  // namespace lb::cli
