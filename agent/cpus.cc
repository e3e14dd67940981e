#include "agent/cpus.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status.h"

namespace lb::agent {

absl::StatusOr<std::vector<std::uint32_t>> AllowedCpus() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) != 0) {
    return ErrnoStatus(errno, "sched_getaffinity");
  }
  std::vector<std::uint32_t> cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &mask)) cpus.push_back(cpu);
  }
  return cpus;
}

absl::Status CheckCpus(const std::vector<std::uint32_t>& wanted,
                       const std::vector<std::uint32_t>& allowed) {
  for (std::uint32_t cpu : wanted) {
    if (std::find(allowed.begin(), allowed.end(), cpu) != allowed.end()) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("CPU ", cpu,
                     " is not one this process may use; these "
                     "are ",
                     absl::StrJoin(allowed, ",")));
  }
  return absl::OkStatus();
}

std::vector<ProcessorLayout> SpreadOverCpus(
    std::uint32_t processors, std::uint32_t capacity_permille,
    const std::vector<std::uint32_t>& cpus) {
  std::vector<ProcessorLayout> layout;
  for (std::uint32_t i = 0; i < processors; ++i) {
    layout.push_back({cpus[i % cpus.size()], capacity_permille});
  }
  return layout;
}

}  // namespace lb::agent
