// Who is at the other end of a connection, and what that allows. Pure values;
// any thread.
#ifndef LB_CONTROLLER_RPC_IDENTITY_H_
#define LB_CONTROLLER_RPC_IDENTITY_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/access.h"
#include "controller/rpc/method_access.h"

namespace lb::controller {

struct Identity {
  std::string name;         // "socket:viewer", "user/alice", "agent/HOST"
  std::vector<Role> roles;  // empty: may do nothing
  // Of an agent's certificate: the one host it speaks for. Empty: any.
  std::string host{};
  std::optional<WallTime> expires{};  // its certificate
};

// The caller of `method`, with the role that allows it. PERMISSION_DENIED
// names method, caller, his role and the one needed.
absl::StatusOr<Caller> Permit(const Identity& identity, const Method& method);

// The strongest of an identity's roles; kNone without any.
Role StrongestRole(const Identity& identity);

enum class PeerKind : std::uint8_t { kAgent, kController, kUser };

// What a certificate's URI names.
struct SpiffeId {
  PeerKind kind = PeerKind::kUser;
  std::string name;  // of the agent's host or the user; empty: the controller
};

// spiffe://DOMAIN/agent/HOST, spiffe://DOMAIN/controller or
// spiffe://DOMAIN/user/NAME, to the letter. UNAUTHENTICATED for anything else.
absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view uri,
                                       std::string_view trust_domain);

// INVALID_ARGUMENT unless it can stand in such a URI: lower-case letters,
// digits, '.', '-' and '_'.
absl::Status ValidateTrustDomain(std::string_view trust_domain);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_IDENTITY_H_
