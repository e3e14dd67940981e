// The kernel's random numbers. Any thread.
#ifndef LB_AGENT_RANDOM_BYTES_H_
#define LB_AGENT_RANDOM_BYTES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace lb::agent {

// `count` bytes fit for a key.
absl::StatusOr<std::string> RandomBytes(std::size_t count);

}  // namespace lb::agent

#endif  // LB_AGENT_RANDOM_BYTES_H_
