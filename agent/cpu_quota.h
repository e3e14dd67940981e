// What the control groups of this process grant it of the CPUs.
#ifndef LB_AGENT_CPU_QUOTA_H_
#define LB_AGENT_CPU_QUOTA_H_

#include <cstdint>
#include <optional>
#include <string>

namespace lb::agent {

// The smallest quota of the process's groups and the groups around them, in
// thousandths of a CPU, at least 1; empty where none is set. Reads
// proc/self/cgroup and sys/fs/cgroup below `root`, of versions 1 (cpu.cfs_*)
// and 2 (cpu.max); a file that is not there sets no quota.
std::optional<std::uint64_t> CpuQuotaPermille(const std::string& root = "/");

}  // namespace lb::agent

#endif  // LB_AGENT_CPU_QUOTA_H_
