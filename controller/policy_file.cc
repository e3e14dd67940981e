#include "controller/policy_file.h"

#include "absl/strings/str_cat.h"
#include "balance/policy_yaml.h"
#include "common/status.h"
#include "common/text_file.h"

namespace lb::controller {

absl::StatusOr<balance::Policy> ReadPolicyFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return Annotate(text.status(), "policy file");
  absl::StatusOr<balance::Policy> policy = balance::ParsePolicyYaml(*text);
  if (!policy.ok()) {
    return Annotate(policy.status(), absl::StrCat("policy file ", path));
  }
  return policy;
}

}  // namespace lb::controller
