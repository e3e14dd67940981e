// Names of programs and people in certificates: SPIFFE ids, carried as a URI
// subject alternative name. Pure; any thread.
#ifndef LB_COMMON_SPIFFE_ID_H_
#define LB_COMMON_SPIFFE_ID_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb {

// Two ids are one if both parts are equal, byte by byte.
struct SpiffeId {
  std::string trust_domain;  // "example.org"
  std::string path;          // "/agent/alpha"; never empty

  friend bool operator==(const SpiffeId&, const SpiffeId&) = default;
};

// "spiffe://example.org/agent/alpha".
std::string FormatSpiffeId(const SpiffeId& id);

// INVALID_ARGUMENT, naming what is wrong, unless `text` is a SPIFFE id in the
// one spelling it has: the scheme in lower case, a trust domain as
// ValidateTrustDomain() wants it, and a path whose segments are not empty, not
// "." or "..", and of letters, digits, '.', '-' and '_'. So there is no user,
// port, query, fragment, percent-encoding or slash at the end. 2,048 bytes at
// most.
absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view text);

// INVALID_ARGUMENT unless `domain` is 1 to 255 lower-case letters, digits, '.',
// '-' and '_'.
absl::Status ValidateTrustDomain(std::string_view domain);

// The id of a certificate with these URI subject alternative names: exactly
// one, and a SPIFFE id of `trust_domain`. PERMISSION_DENIED with the reason
// otherwise.
absl::StatusOr<SpiffeId> PeerSpiffeId(std::span<const std::string> uri_names,
                                      std::string_view trust_domain);

// The identities of a trust domain's programs.
SpiffeId ControllerSpiffeId(std::string_view trust_domain);
SpiffeId AgentSpiffeId(std::string_view trust_domain, std::string_view host);

}  // namespace lb

#endif  // LB_COMMON_SPIFFE_ID_H_
