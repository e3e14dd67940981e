#include "controller/core/resource_name.h"

#include <limits>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "controller/core/host_session.h"

namespace lb::controller {
namespace {

absl::Status BadName(std::string_view name, std::string_view form) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", ToAbsl(name.substr(0, 200)),
                   "\" is not a name here; use ", ToAbsl(form)));
}

}  // namespace

absl::StatusOr<std::string> ParseHostName(std::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() != 2 || parts[0] != "hosts" ||
      !ValidateHostName(parts[1]).ok()) {
    return BadName(name, "hosts/HOST");
  }
  return parts[1];
}

absl::StatusOr<std::string> ParseParent(std::string_view parent) {
  if (parent == "hosts/-") return std::string();
  auto host = ParseHostName(parent);
  if (!host.ok()) return BadName(parent, "hosts/HOST, or hosts/- for all");
  return host;
}

absl::StatusOr<PlanResource> ParsePlanName(std::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  PlanResource resource;
  if (parts.size() != 4 || parts[0] != "hosts" ||
      !ValidateHostName(parts[1]).ok() ||
      (parts[2] != "plans" && parts[2] != "proposals") ||
      !absl::SimpleAtoi(parts[3], &resource.number) || resource.number == 0 ||
      resource.number > std::numeric_limits<std::int64_t>::max()) {
    return BadName(name, "hosts/HOST/plans/EPOCH");
  }
  resource.host = parts[1];
  resource.proposal = parts[2] == "proposals";
  return resource;
}

}  // namespace lb::controller
