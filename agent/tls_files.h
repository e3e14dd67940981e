// The agent's certificate, its key, and the authorities it trusts: PEM files
// that the operator's tools renew while it runs. Control thread only.
#ifndef LB_AGENT_TLS_FILES_H_
#define LB_AGENT_TLS_FILES_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/spiffe_id.h"

namespace lb::agent {

struct TlsPaths {
  std::string certificate;  // and what leads from it to an authority
  std::string key;
  std::string authorities;
};

// PEM texts that fit each other.
struct TlsMaterial {
  std::string certificates;
  std::string key;
  std::string authorities;
};

// INVALID_ARGUMENT, naming the file and what is wrong with it, unless there are
// a certificate that `self` is the one URI name of and that is valid `now`, its
// private key, and one authority at least; another code where a file cannot be
// read.
absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsPaths& paths,
                                         const SpiffeId& self, WallTime now);

// The last that was good. Renewed files are seen at the next look; while they
// are not whole, such as a key without its certificate yet, what was there
// before serves on.
class TlsFiles {
 public:
  // As ReadTlsFiles(). The clock must outlive it.
  static absl::StatusOr<TlsFiles> Open(TlsPaths paths, SpiffeId self,
                                       const Clock& clock);

  // Reads the files again.
  const TlsMaterial& Latest();

 private:
  TlsFiles(TlsPaths paths, SpiffeId self, const Clock& clock,
           TlsMaterial material)
      : paths_(std::move(paths)),
        self_(std::move(self)),
        clock_(clock),
        material_(std::move(material)) {}

  TlsPaths paths_;
  SpiffeId self_;
  const Clock& clock_;
  TlsMaterial material_;
};

}  // namespace lb::agent

#endif  // LB_AGENT_TLS_FILES_H_
