#include "controller/core/access.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

constexpr std::array kRoles = {Role::kNone, Role::kAgent, Role::kViewer,
                               Role::kOperator, Role::kAdmin};

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kNone:
      return "none";
    case Role::kAgent:
      return "agent";
    case Role::kViewer:
      return "viewer";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return "unknown";
}

absl::StatusOr<Role> ParseRole(std::string_view name) {
  for (const Role role : kRoles) {
    if (RoleName(role) == name) return role;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no role \"", ToAbsl(name),
                   "\"; roles are agent, viewer, operator and admin"));
}

bool Allows(Role has, Role needs) {
  if (has == Role::kAgent || needs == Role::kAgent) return has == needs;
  return has >= needs;
}

}  // namespace lb::controller
