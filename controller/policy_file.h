// A policy as people write it: a YAML file with one key per field of the
// policy. Pure but for reading the file.
#ifndef LB_CONTROLLER_POLICY_FILE_H_
#define LB_CONTROLLER_POLICY_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "balance/policy.h"

namespace lb::controller {

// `yaml` is a map with the keys of lb.v1.Policy (mode, planner,
// report_interval_ms, trigger_permille, ...); what is not named keeps its
// built-in default. INVALID_ARGUMENT, in one line with key, value and range,
// for an unknown or repeated key and for a value that cannot be.
absl::StatusOr<balance::Policy> ParsePolicy(const std::string& yaml);

// The same from a file, which errors name.
absl::StatusOr<balance::Policy> ReadPolicyFile(const std::string& path);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_POLICY_FILE_H_
