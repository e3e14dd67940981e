// A policy in a file of its own. One thread.
#ifndef LB_CLI_POLICY_FILE_H_
#define LB_CLI_POLICY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "balance/policy.h"

namespace lb::cli {

// The file's YAML; see balance/policy_yaml.h. Of an empty file: the built-in
// policy. An error that names the file.
absl::StatusOr<balance::Policy> ParsePolicyFile(const std::string& path);

}  // namespace lb::cli

#endif  // LB_CLI_POLICY_FILE_H_
