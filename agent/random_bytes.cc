#include "agent/random_bytes.h"

#include <sys/random.h>

#include <cerrno>

#include "common/status.h"

namespace lb::agent {

absl::StatusOr<std::string> RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t n = getrandom(bytes.data() + filled, count - filled, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "getrandom");
    filled += static_cast<std::size_t>(n);
  }
  return bytes;
}

}  // namespace lb::agent
