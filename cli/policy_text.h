// Policies in the words that people write them in: those of
// balance/policy_yaml.h, one key per field of lb.v1.Policy. Any thread.
#ifndef LB_CLI_POLICY_TEXT_H_
#define LB_CLI_POLICY_TEXT_H_

#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/argument.h"
#include "lb/v1/policy.pb.h"
#include "lb/v1/policy_service.pb.h"

namespace lb::cli {

// A planner's name as an argument.
Argument Planner(v1::PlannerKind& target);

// "KEY=VALUE": sets the field in the request's policy, and names it in the
// mask. INVALID_ARGUMENT, naming all keys, for an unknown one, for a key that
// was set before, and for a value that is no name or whole number. Ranges are
// the controller's to check.
absl::Status SetPolicyKey(const std::string& text,
                          v1::UpdatePolicyRequest& request);

// The whole policy of a file with YAML; keys that it leaves out have their
// built-in values. A usage error that names the file, the key and the range:
// what KEY=VALUE would be refused as.
absl::StatusOr<v1::Policy> ReadPolicyFile(const std::string& path);

// Sets the whole policy.
void SetWholePolicy(const v1::Policy& policy, v1::UpdatePolicyRequest& request);

// As YAML that ReadPolicyFile takes, under a comment with name, revision and
// etag.
void PrintPolicy(const v1::Policy& policy, std::ostream& out);

}  // namespace lb::cli

#endif  // LB_CLI_POLICY_TEXT_H_
