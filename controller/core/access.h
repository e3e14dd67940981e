// Who asks, and what a role allows. Pure values; any thread.
#ifndef LB_CONTROLLER_CORE_ACCESS_H_
#define LB_CONTROLLER_CORE_ACCESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

// Numbers are stored: never reuse one.
enum class Role : std::uint8_t {
  kNone = 0,      // somebody unknown, or known and not given any
  kAgent = 1,     // speaks for its own host, and nothing else
  kViewer = 2,    // reads everything
  kOperator = 3,  // and changes what hosts do
  kAdmin = 4,     // and changes how the fleet is balanced and kept
};

// "none", "agent", "viewer", ... and back; INVALID_ARGUMENT for any other name.
std::string_view RoleName(Role role);
absl::StatusOr<Role> ParseRole(std::string_view name);

// Whether who has role `has` may do what needs `needs`. An agent may do what
// needs an agent, and nobody else may.
bool Allows(Role has, Role needs);

struct Caller {
  std::string name;  // "socket:operator", "user/alice", "agent/HOST"
  Role role = Role::kViewer;
};

// A call that changes something.
struct Call {
  Caller caller;
  std::string method;        // "lb.v1.ProcessorService/DrainProcessor"
  std::string resource;      // name of what is to be changed
  std::string reason;        // the caller's; at most 500 bytes
  std::string request_id;    // the caller's; empty: none; at most 64 bytes
  std::string request_hash;  // SHA-256 of the request, 32 bytes
  bool validate_only = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_ACCESS_H_
