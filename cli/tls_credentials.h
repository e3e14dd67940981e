// Mutual TLS with a controller: who must be at the other end. Internal to
// connection.cc, for it includes gRPC.
#ifndef LB_CLI_TLS_CREDENTIALS_H_
#define LB_CLI_TLS_CREDENTIALS_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "cli/endpoint.h"

namespace lb::cli {

// The controller of a trust domain: its certificate names
// spiffe://DOMAIN/controller and no other URI. Copies share what they hold. Any
// thread.
class TlsPeer {
 public:
  explicit TlsPeer(const std::string& trust_domain);

  // Why somebody was refused last; empty if nobody was.
  std::string refusal() const;

 private:
  friend class PeerVerifier;
  struct State;
  std::shared_ptr<State> state_;
};

// Credentials from the options' files, with which only `peer` is talked to.
// A usage error that names the file which cannot be used: it cannot be read, is
// not PEM, is not the other's key, or its certificate has expired.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> TlsCredentials(
    const ConnectionOptions& options, const TlsPeer& peer);

}  // namespace lb::cli

#endif  // LB_CLI_TLS_CREDENTIALS_H_
