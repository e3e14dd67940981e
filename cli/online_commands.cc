#include "cli/online_commands.h"

#include "cli/audit_command.h"
#include "cli/backtest_command.h"
#include "cli/balance_command.h"
#include "cli/bucket_command.h"
#include "cli/controller_command.h"
#include "cli/event_command.h"
#include "cli/flow_command.h"
#include "cli/host_command.h"
#include "cli/load_command.h"
#include "cli/online.h"
#include "cli/plan_change_command.h"
#include "cli/plan_command.h"
#include "cli/policy_command.h"
#include "cli/processor_command.h"

namespace lb::cli {

void AddOnlineCommands(CommandLine& line) {
  const Online online(line);
  AddHostCommands(online);
  AddProcessorCommands(online);
  AddBucketCommands(online);
  AddFlowCommands(online);
  AddPlanCommands(online);
  AddPlanChangeCommands(online);
  AddPolicyCommands(online);
  AddBalanceCommands(online);
  AddLoadCommands(online);
  AddEventCommands(online);
  AddAuditCommands(online);
  AddControllerCommands(online);
  AddBacktestCommand(online);
}

}  // namespace lb::cli
