// lbctl backtest: what another policy would have done over stored history.
#ifndef LB_CLI_BACKTEST_COMMAND_H_
#define LB_CLI_BACKTEST_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddBacktestCommand(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_BACKTEST_COMMAND_H_
