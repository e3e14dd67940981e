// Which CPUs this process may use, and which processor gets which.
#ifndef LB_AGENT_CPUS_H_
#define LB_AGENT_CPUS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/table.h"

namespace lb::agent {

// CPUs of the calling thread's affinity mask, ascending.
absl::StatusOr<std::vector<std::uint32_t>> AllowedCpus();

// INVALID_ARGUMENT naming the first CPU of `wanted` that is not allowed.
absl::Status CheckCpus(const std::vector<std::uint32_t>& wanted,
                       const std::vector<std::uint32_t>& allowed);

// Processor i on cpus[i mod cpus.size()]. Pure; requires a CPU.
std::vector<ProcessorLayout> SpreadOverCpus(
    std::uint32_t processors, std::uint32_t capacity_permille,
    const std::vector<std::uint32_t>& cpus);

}  // namespace lb::agent

#endif  // LB_AGENT_CPUS_H_
