// Mutual TLS: the certificates and roles in force, and how new ones take their
// place while connections live on.
#ifndef LB_CONTROLLER_RPC_TLS_ACCESS_H_
#define LB_CONTROLLER_RPC_TLS_ACCESS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/rpc/certificate.h"
#include "controller/rpc/listen_options.h"
#include "controller/rpc/peers.h"
#include "controller/rpc/roles_file.h"
#include "controller/rpc/staged_file.h"
#include "grpcpp/security/server_credentials.h"

namespace lb::controller {

struct TlsFiles {
  KeyPair pair;
  Certificate own;
  UserRoles roles;
};

// Reads all the files and checks them: whether they can be parsed, the key is
// the certificate's, which is valid at `now` under the authorities and names
// spiffe://DOMAIN/controller. Errors name the file.
absl::StatusOr<TlsFiles> ReadTlsFiles(const TlsOptions& options, WallTime now);

// Called by one thread; the peers by any.
class TlsAccess {
 public:
  static absl::StatusOr<std::unique_ptr<TlsAccess>> Open(TlsOptions options,
                                                         const Clock& clock);

  // Reads the files anew. After an error those from before stay in force.
  // Certificates count for handshakes from about a second later.
  absl::Status Reload();

  std::shared_ptr<grpc::ServerCredentials> Credentials() const;
  const TlsPeers& peers() const { return peers_; }
  // As JSON; equal if nothing changed.
  const std::string& in_force() const { return in_force_; }

 private:
  TlsAccess(TlsOptions options, const TlsFiles& files, StagedFile identity,
            StagedFile authorities, const Clock& clock);

  const TlsOptions options_;
  const Clock& clock_;
  // Certificate and key in one file, so that they change together.
  StagedFile identity_;
  StagedFile authorities_;
  TlsPeers peers_;
  std::string in_force_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_TLS_ACCESS_H_
