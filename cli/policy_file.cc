#include "cli/policy_file.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "balance/policy_yaml.h"
#include "common/status.h"
#include "common/text_file.h"

namespace lb::cli {

absl::StatusOr<balance::Policy> ParsePolicyFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return Annotate(text.status(), "policy file");
  if (absl::StripAsciiWhitespace(*text).empty()) return balance::Policy();
  absl::StatusOr<balance::Policy> policy = balance::ParsePolicyYaml(*text);
  if (policy.ok()) return policy;
  return Annotate(policy.status(), absl::StrCat("policy file ", path));
}

}  // namespace lb::cli
