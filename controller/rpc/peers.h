// Who calls, by the listener that the call came in on. Any thread.
#ifndef LB_CONTROLLER_RPC_PEERS_H_
#define LB_CONTROLLER_RPC_PEERS_H_

#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/rpc/identity.h"
#include "controller/rpc/roles_file.h"
#include "grpcpp/server_context.h"

namespace lb::controller {

class Peers {
 public:
  virtual ~Peers() = default;
  // UNAUTHENTICATED, with the reason, if the peer is nobody we know.
  virtual absl::StatusOr<Identity> Identify(
      const grpc::ServerContextBase& context) const = 0;
  // Who a peer that was identified before is by now.
  virtual absl::StatusOr<Identity> Renew(const Identity& identity) const = 0;
};

// Everybody who can connect to a unix socket, or to loopback, is the same.
class LocalPeers final : public Peers {
 public:
  explicit LocalPeers(Identity identity) : identity_(std::move(identity)) {}
  absl::StatusOr<Identity> Identify(
      const grpc::ServerContextBase& /*context*/) const override {
    return identity_;
  }
  absl::StatusOr<Identity> Renew(const Identity& identity) const override {
    return identity;
  }

 private:
  const Identity identity_;
};

// Everybody is whom his certificate names; users have the roles they are
// given.
class TlsPeers final : public Peers {
 public:
  TlsPeers(std::string trust_domain, UserRoles roles, const Clock& clock);

  // From now on, for streams that are open from their next renewal.
  void SetRoles(UserRoles roles);

  absl::StatusOr<Identity> Identify(
      const grpc::ServerContextBase& context) const override;
  absl::StatusOr<Identity> Renew(const Identity& identity) const override;

  // The same of a certificate in PEM.
  absl::StatusOr<Identity> IdentifyCertificate(std::string_view pem) const;

 private:
  const std::string trust_domain_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  UserRoles roles_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_PEERS_H_
