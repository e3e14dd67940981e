#include "cli/policy_file.h"

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "balance/policy_yaml.h"
#include "common/status.h"

namespace lb::cli {

absl::StatusOr<balance::Policy> ParsePolicyFile(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) {
    return absl::NotFoundError(absl::StrCat(
        "policy file ", path, " cannot be read; see that it is there"));
  }
  absl::StatusOr<balance::Policy> policy = balance::ParsePolicyYaml(text.str());
  if (policy.ok()) return policy;
  return Annotate(policy.status(), absl::StrCat("policy file ", path));
}

}  // namespace lb::cli
