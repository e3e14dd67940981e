// Which role a user has: the file that says so. Pure but for reading it.
#ifndef LB_CONTROLLER_RPC_ROLES_FILE_H_
#define LB_CONTROLLER_RPC_ROLES_FILE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "controller/core/access.h"

namespace lb::controller {

// By user, as named in spiffe://DOMAIN/user/NAME.
using UserRoles = std::map<std::string, Role>;

// "users: {alice: admin, bob: viewer}". INVALID_ARGUMENT names the line of
// unknown keys, of users named twice and of roles that users cannot have.
absl::StatusOr<UserRoles> ParseRoles(const std::string& yaml);

// The same of a file. Errors name it; those of reading it are the system's.
absl::StatusOr<UserRoles> ReadRolesFile(const std::string& path);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_ROLES_FILE_H_
