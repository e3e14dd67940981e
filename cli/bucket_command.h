// lbctl bucket pin and unpin.
#ifndef LB_CLI_BUCKET_COMMAND_H_
#define LB_CLI_BUCKET_COMMAND_H_

#include "cli/online.h"

namespace lb::cli {

void AddBucketCommands(const Online& online);

}  // namespace lb::cli

#endif  // LB_CLI_BUCKET_COMMAND_H_
