// The host's hash key: secret, made on the host, never sent. Any thread.
#ifndef LB_AGENT_KEY_FILE_H_
#define LB_AGENT_KEY_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/table.h"

namespace lb::agent {

struct HashKey {
  std::vector<std::uint8_t> bytes;
  bool created = false;  // just now, because there was none
};

// Reads "siphash HEX" or "toeplitz HEX" from `path`. A missing SipHash key is
// made from the kernel's random numbers and kept, mode 0600. A missing
// Toeplitz key is NOT_FOUND: it must be that of the NIC it is to agree with.
// INVALID_ARGUMENT for a file that is not such a key, PERMISSION_DENIED if
// others may read it.
absl::StatusOr<HashKey> LoadOrCreateKey(const std::string& path, HashKind kind);

}  // namespace lb::agent

#endif  // LB_AGENT_KEY_FILE_H_
