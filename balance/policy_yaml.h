// A policy as people write it: YAML with one key per field of the policy. Pure.
#ifndef LB_BALANCE_POLICY_YAML_H_
#define LB_BALANCE_POLICY_YAML_H_

#include <string>

#include "absl/status/statusor.h"
#include "balance/policy.h"

namespace lb::balance {

// `yaml` is a map with the keys of lb.v1.Policy (mode, planner,
// report_interval_ms, trigger_permille, ...); what is not named keeps its
// built-in default. INVALID_ARGUMENT, in one line with key, value and range,
// for an unknown or repeated key and for a value that cannot be; also where
// there is no key at all.
absl::StatusOr<Policy> ParsePolicyYaml(const std::string& yaml);

}  // namespace lb::balance

#endif  // LB_BALANCE_POLICY_YAML_H_
