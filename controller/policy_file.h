// The file with the default policy.
#ifndef LB_CONTROLLER_POLICY_FILE_H_
#define LB_CONTROLLER_POLICY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "balance/policy.h"

namespace lb::controller {

// What balance::ParsePolicyYaml() makes of the file's text, or the system's
// error if it cannot be read. Errors name the file.
absl::StatusOr<balance::Policy> ReadPolicyFile(const std::string& path);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_POLICY_FILE_H_
