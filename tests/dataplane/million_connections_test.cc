// A million connections on one host: what each costs in memory, and that all
// are found, timed and let go.
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "dataplane/core/bucket.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/connection_table.h"
#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

constexpr std::uint32_t kConnections = 1'000'000;
constexpr std::uint32_t kBuckets = 1'024;

// What docs/benchmarks.md states: the record, its share of the table's heads
// (4 to 8 bytes) and of the pool's list of free records (4).
constexpr std::size_t kBytesPerConnection = 192 + 8 + 4;

FlowKey NthKey(std::uint32_t n) {
  FlowKey key;
  key.version = IpVersion::kIpv4;
  key.protocol = 6;
  std::memcpy(key.source.data(), &n, sizeof n);
  return key;
}

std::uint32_t Hash(std::uint32_t n) { return n * 0x9e37'79b1U; }  // a bijection

// Of this process, in memory.
std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(MillionConnections, CostWhatIsStatedAndAreAllFoundTimedAndLetGo) {
  [[maybe_unused]] const std::size_t before = ResidentBytes();
  const auto pool = ConnectionPool::Create(kConnections).value();
  ConnectionTable table(*pool, kBuckets);
  ConnectionCache cache(*pool);
  std::vector<Bucket> buckets;
  buckets.reserve(kBuckets);
  for (std::uint32_t b = 0; b < kBuckets; ++b) {
    buckets.emplace_back(BucketId(b), pool->base());
  }

  for (std::uint32_t n = 0; n < kConnections; ++n) {
    const ConnectionIndex index = cache.Allocate();
    ASSERT_NE(index, kNoConnection) << n;
    (*pool)[index].key = NthKey(n);
    (*pool)[index].hash = Hash(n);
    table.Insert(index);
    buckets[Hash(n) % kBuckets].wheel.Schedule(index, 1 + n % 60'000);
  }
  EXPECT_EQ(cache.Allocate(), kNoConnection) << "there is no more than a limit";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // A huge page at either end of the slab and of the heads may be partly used.
  constexpr std::size_t kRounding = std::size_t{4} * (2 << 20);
  EXPECT_LE(ResidentBytes() - before, kConnections * kBytesPerConnection +
                                          kBuckets * sizeof(Bucket) +
                                          kRounding);
#endif

  for (std::uint32_t n = 0; n < kConnections; ++n) {
    ASSERT_NE(table.Find(Hash(n), NthKey(n)), kNoConnection) << n;
  }
  std::uint32_t fired = 0;
  for (Bucket& bucket : buckets) {
    bucket.wheel.Advance(60'001, 3 * kConnections, [&](ConnectionIndex index) {
      ++fired;
      table.Erase(index);
      cache.Free(index);
    });
    EXPECT_EQ(table.size(bucket.id), 0U);
  }
  EXPECT_EQ(fired, kConnections);
  EXPECT_NE(cache.Allocate(), kNoConnection);
}

}  // namespace
}  // namespace lb::dataplane
