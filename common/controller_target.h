// Where a controller listens, as people write it on a command line. Pure; any
// thread.
#ifndef LB_COMMON_CONTROLLER_TARGET_H_
#define LB_COMMON_CONTROLLER_TARGET_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb {

enum class PlaintextTcp {
  kRefused,
  kOnLoopback,  // the user asked for it with --insecure-loopback
};

// Reads "unix:PATH" or "HOST:PORT" (IPv6 in brackets) and returns it in gRPC's
// own notation. INVALID_ARGUMENT, naming the way out, for anything else, for a
// TCP target unless `tcp` allows it, and for one that is not on loopback:
// what leaves the machine is never plaintext.
absl::StatusOr<std::string> ParseControllerTarget(std::string_view text,
                                                  PlaintextTcp tcp);

// The same for a controller reached by mutual TLS: "HOST:PORT" with a name or
// an address (IPv6 in brackets), on whatever machine. INVALID_ARGUMENT, naming
// the way out, for anything else; a unix socket needs no TLS.
absl::StatusOr<std::string> ParseTlsTarget(std::string_view text);

// Of what gRPC says of a connection that failed: whether nobody accepted it.
bool NobodyListens(std::string_view why);

}  // namespace lb

#endif  // LB_COMMON_CONTROLLER_TARGET_H_
