// Which controller to ask, and how: what the connection options mean. One
// thread.
#ifndef LB_CLI_ENDPOINT_H_
#define LB_CLI_ENDPOINT_H_

#include <string>

#include "absl/status/statusor.h"
#include "cli/command_line.h"
#include "lb/v1/access.pb.h"

namespace lb::cli {

struct ConnectionOptions {
  std::string controller;  // empty: a socket in run_dir
  std::string run_dir = "/run/lb-controller";
  bool insecure_loopback = false;
  // Files with PEM. All four are needed for TCP that is not on loopback.
  std::string tls_cert;
  std::string tls_key;
  std::string tls_ca;
  std::string trust_domain;
  double timeout_s = 10;
};

// --controller, --run-dir, --tls-*, ...: options of the program. `options` must
// live as long as the command line.
void AddConnectionOptions(Command program, ConnectionOptions& options);

struct Endpoint {
  std::string name;    // as people know it
  std::string target;  // in gRPC's notation
  bool tls = false;    // plaintext otherwise
};

// Where to call what needs `role`. Without --controller: the socket with the
// least rights that suffices, of those that this user may open. A usage error
// for options that do not go together, such as TLS flags and a socket, and for
// plaintext TCP that was not asked for; PERMISSION_DENIED if the user may open
// none of the sockets.
absl::StatusOr<Endpoint> ChooseEndpoint(const ConnectionOptions& options,
                                        v1::Role role);

}  // namespace lb::cli

#endif  // LB_CLI_ENDPOINT_H_
