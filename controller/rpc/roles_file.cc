#include "controller/rpc/roles_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "common/text_file.h"
#include "yaml-cpp/yaml.h"

namespace lb::controller {
namespace {

absl::Status At(const YAML::Node& node, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat("line ", node.Mark().line + 1, ": ", what));
}

absl::StatusOr<Role> UserRole(const YAML::Node& user, const YAML::Node& value) {
  const std::string name = value.IsScalar() ? value.Scalar() : "";
  absl::StatusOr<Role> role = ParseRole(name);
  if (role.ok() && *role >= Role::kViewer) return role;
  return At(user, absl::StrCat("user \"", user.Scalar(), "\" has role \"", name,
                               "\"; use viewer, operator or admin"));
}

absl::StatusOr<UserRoles> UsersFrom(const YAML::Node& users) {
  if (!users.IsMap()) {
    return At(users, "users is a map; write lines such as \"alice: admin\"");
  }
  UserRoles roles;
  for (const auto& entry : users) {
    if (!entry.first.IsScalar()) return At(entry.first, "a user has a name");
    LB_ASSIGN_OR_RETURN(const Role role, UserRole(entry.first, entry.second));
    if (!roles.emplace(entry.first.Scalar(), role).second) {
      return At(entry.first, absl::StrCat("user \"", entry.first.Scalar(),
                                          "\" is there twice; keep one"));
    }
  }
  return roles;
}

absl::StatusOr<UserRoles> FromDocument(const YAML::Node& document) {
  if (!document.IsMap()) {
    return absl::InvalidArgumentError(
        "it has no users; write \"users: {NAME: ROLE}\"");
  }
  for (const auto& entry : document) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != "users") {
      return At(entry.first,
                absl::StrCat("key \"",
                             entry.first.IsScalar() ? entry.first.Scalar() : "",
                             "\" is unknown; use users"));
    }
  }
  if (document.size() != 1) {
    return absl::InvalidArgumentError("key \"users\" is there twice; keep one");
  }
  return UsersFrom(document["users"]);
}

}  // namespace

absl::StatusOr<UserRoles> ParseRoles(const std::string& yaml) {
  // yaml-cpp reports by throwing; none of it leaves here.
  try {
    return FromDocument(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is not YAML: ", error.what()));
  }
}

absl::StatusOr<UserRoles> ReadRolesFile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return Annotate(text.status(), "roles file");
  absl::StatusOr<UserRoles> roles = ParseRoles(*text);
  if (!roles.ok()) {
    return Annotate(roles.status(), absl::StrCat("roles file ", path));
  }
  return roles;
}

}  // namespace lb::controller
