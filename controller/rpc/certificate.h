// What the API reads of X.509 certificates. Pure; any thread.
#ifndef LB_CONTROLLER_RPC_CERTIFICATE_H_
#define LB_CONTROLLER_RPC_CERTIFICATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/audit.h"

namespace lb::controller {

struct Certificate {
  std::vector<std::string> uris;  // subject alternative names of that kind
  WallTime not_before;
  WallTime not_after;
  Sha256 fingerprint{};  // of its DER encoding
};

// The first certificate in `pem`. INVALID_ARGUMENT if there is none, or it
// cannot be read.
absl::StatusOr<Certificate> ReadCertificate(std::string_view pem);

// The one URI that the certificate names; UNAUTHENTICATED if it names none, or
// several.
absl::StatusOr<std::string> OnlyUri(const Certificate& certificate);

// A certificate (with its intermediates), its key and the authorities, in PEM.
struct KeyPair {
  std::string certificates;  // the own one first
  std::string key;
  std::string authorities;
};

// INVALID_ARGUMENT, saying what does not fit, unless the key is the
// certificate's and the certificate is valid at `now` under the authorities.
absl::Status CheckKeyPair(const KeyPair& pair, WallTime now);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CERTIFICATE_H_
