#include "agent/cpu_quota.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using Files = std::map<std::string, std::string>;

std::optional<std::uint64_t> QuotaWith(const Files& files) {
  const TempDir root;
  for (const auto& [name, text] : files) {
    const std::filesystem::path path = root.File(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  return CpuQuotaPermille(root.path());
}

TEST(CpuQuota, VersionTwoTakesTheSmallestOnTheWayOut) {
  Files files = {
      {"proc/self/cgroup", "0::/system.slice/lb.service\n"},
      {"sys/fs/cgroup/system.slice/cpu.max", "max 100000\n"},
      {"sys/fs/cgroup/system.slice/lb.service/cpu.max", "150000 100000\n"}};
  EXPECT_EQ(QuotaWith(files), 1'500u);
  files["sys/fs/cgroup/system.slice/cpu.max"] = "20000 100000\n";
  EXPECT_EQ(QuotaWith(files), 200u);
}

TEST(CpuQuota, VersionOneIsReadFromTheHierarchyOfTheCpuController) {
  Files files = {{"proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/lb\n0::/\n"},
                 {"sys/fs/cgroup/cpu,cpuacct/lb/cpu.cfs_quota_us", "2000\n"},
                 {"sys/fs/cgroup/cpu,cpuacct/lb/cpu.cfs_period_us", "10000\n"},
                 {"sys/fs/cgroup/memory/m/cpu.cfs_quota_us", "1\n"},
                 {"sys/fs/cgroup/memory/m/cpu.cfs_period_us", "10000\n"}};
  EXPECT_EQ(QuotaWith(files), 200u);
  files["sys/fs/cgroup/cpu,cpuacct/lb/cpu.cfs_quota_us"] = "-1\n";
  EXPECT_EQ(QuotaWith(files), std::nullopt);
}

TEST(CpuQuota, NothingReadableIsNoQuota) {
  EXPECT_EQ(QuotaWith({}), std::nullopt);
  EXPECT_EQ(QuotaWith({{"proc/self/cgroup", "nonsense\n0:\n"}}), std::nullopt);
  EXPECT_EQ(QuotaWith({{"proc/self/cgroup", "0::/a\n"},
                       {"sys/fs/cgroup/a/cpu.max", "1000 0\n"}}),
            std::nullopt);
}

TEST(CpuQuota, IsNeverNothing) {
  EXPECT_EQ(QuotaWith({{"proc/self/cgroup", "0::/\n"},
                       {"sys/fs/cgroup/cpu.max", "1 1000000\n"}}),
            1u);
}

}  // namespace
}  // namespace lb::agent
