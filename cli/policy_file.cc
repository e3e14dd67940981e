#include "cli/policy_file.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "balance/policy_yaml.h"
#include "common/status.h"

namespace lb::cli {

absl::StatusOr<balance::Policy> ParsePolicyFile(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::is_directory(path, unknown)) {
    return absl::InvalidArgumentError(
        absl::StrCat("policy file ", path, " is a directory; name a file"));
  }
  std::ifstream file(path);
  std::ostringstream text;
  // An empty file would be a failure.
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text) {
    return absl::NotFoundError(absl::StrCat(
        "policy file ", path, " cannot be read; see that it is there"));
  }
  if (absl::StripAsciiWhitespace(text.str()).empty()) return balance::Policy();
  absl::StatusOr<balance::Policy> policy = balance::ParsePolicyYaml(text.str());
  if (policy.ok()) return policy;
  return Annotate(policy.status(), absl::StrCat("policy file ", path));
}

}  // namespace lb::cli
