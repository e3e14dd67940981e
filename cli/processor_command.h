// lbctl processor drain and undrain.
#ifndef LB_CLI_PROCESSOR_COMMAND_H_
#define LB_CLI_PROCESSOR_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddProcessorCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_PROCESSOR_COMMAND_H_
