#include "cli/online_commands.h"

#include "cli/event_command.h"
#include "cli/host_command.h"
#include "cli/plan_command.h"

namespace lb::cli {

void AddOnlineCommands(CLI::App& app, CommandContext& context) {
  AddHostListCommand(app, context);
  AddHostShowCommand(app, context);
  AddPlanListCommand(app, context);
  AddPlanShowCommand(app, context);
  AddEventTailCommand(app, context);
}

}  // namespace lb::cli
