#include "agent/cpu_quota.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/status.h"

namespace lb::agent {
namespace {

namespace fs = std::filesystem;

// Empty for a missing file.
std::string FirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Both in microseconds. No quota is "max" in version 2 and -1 in version 1.
std::optional<std::uint64_t> Permille(std::string_view quota,
                                      std::string_view period) {
  std::int64_t quota_us = 0;
  std::int64_t period_us = 0;
  if (!absl::SimpleAtoi(ToAbsl(quota), &quota_us) || quota_us <= 0 ||
      !absl::SimpleAtoi(ToAbsl(period), &period_us) || period_us <= 0) {
    return std::nullopt;
  }
  return std::max<std::uint64_t>(
      static_cast<std::uint64_t>(quota_us * 1'000 / period_us), 1);
}

std::optional<std::uint64_t> QuotaOf(const fs::path& group) {
  const std::vector<std::string> unified =
      absl::StrSplit(FirstLine(group / "cpu.max"), ' ');
  if (unified.size() == 2) return Permille(unified[0], unified[1]);
  return Permille(FirstLine(group / "cpu.cfs_quota_us"),
                  FirstLine(group / "cpu.cfs_period_us"));
}

// Where the hierarchy of a line of proc/self/cgroup is mounted by custom:
// "0::/path" is version 2, "4:cpu,cpuacct:/path" version 1. Empty for a
// hierarchy that does not grant CPU time.
std::vector<fs::path> Mounts(const fs::path& groups,
                             absl::string_view controllers) {
  if (controllers.empty()) return {groups, groups / "unified"};
  for (absl::string_view controller : absl::StrSplit(controllers, ',')) {
    if (controller == "cpu") {
      return {groups / std::string(controllers), groups / "cpu"};
    }
  }
  return {};
}

}  // namespace

std::optional<std::uint64_t> CpuQuotaPermille(const std::string& root) {
  const fs::path groups = fs::path(root) / "sys/fs/cgroup";
  std::optional<std::uint64_t> smallest;
  std::ifstream file(fs::path(root) / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::vector<std::string> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3 || !absl::StartsWith(fields[2], "/")) continue;
    for (const fs::path& mount : Mounts(groups, fields[1])) {
      // From the group outwards; what is not visible here is not read.
      for (fs::path group = fields[2];; group = group.parent_path()) {
        const auto quota = QuotaOf(mount / group.relative_path());
        if (quota) smallest = std::min(*quota, smallest.value_or(*quota));
        if (group == group.parent_path()) break;
      }
    }
  }
  return smallest;
}

}  // namespace lb::agent
