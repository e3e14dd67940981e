#include "dataplane/core/connection_table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

FlowKey Key(std::uint32_t n) {
  FlowKey key;
  key.version = IpVersion::kIpv4;
  key.protocol = 6;
  key.source[0] = static_cast<std::uint8_t>(n);
  key.source[1] = static_cast<std::uint8_t>(n >> 8);
  key.destination_port = static_cast<std::uint16_t>(n >> 16);
  return key;
}

std::vector<ConnectionIndex> Of(const ConnectionTable& table,
                                std::uint32_t bucket) {
  std::vector<ConnectionIndex> found;
  table.ForEach(BucketId(bucket),
                [&](ConnectionIndex index) { found.push_back(index); });
  return found;
}

class ConnectionTableTest : public ::testing::Test {
 protected:
  void Insert(ConnectionIndex index, std::uint32_t hash, const FlowKey& key) {
    records_[index].hash = hash;
    records_[index].key = key;
    table_.Insert(index);
  }

  ConnectionRecords records_{100, 0};
  ConnectionTable table_{records_.pool(), 64};
};

TEST_F(ConnectionTableTest, FindsWhatWasInserted) {
  EXPECT_EQ(table_.Find(1'234, Key(1)), kNoConnection);
  Insert(9, 1'234, Key(1));
  EXPECT_EQ(table_.Find(1'234, Key(1)), 9u);
  EXPECT_EQ(table_.size(BucketId(1'234 % 64)), 1u);
  table_.Erase(9);
  EXPECT_EQ(table_.Find(1'234, Key(1)), kNoConnection);
  EXPECT_EQ(table_.size(BucketId(1'234 % 64)), 0u);
}

TEST_F(ConnectionTableTest, EqualHashesAreToldApartByEveryByteOfTheKey) {
  const FlowKey base = Key(1);
  Insert(0, 7, base);
  for (std::size_t byte = 0; byte < sizeof(FlowKey); ++byte) {
    FlowKey other = base;
    reinterpret_cast<unsigned char*>(&other)[byte] ^= 0x40;
    EXPECT_EQ(table_.Find(7, other), kNoConnection) << "byte " << byte;
  }
  EXPECT_EQ(table_.Find(7, base), 0u);
}

TEST_F(ConnectionTableTest, ErasesFromAnywhereInAChain) {
  for (const ConnectionIndex gone : {0u, 1u, 2u}) {
    for (ConnectionIndex i = 0; i < 3; ++i) Insert(i, 7, Key(i));
    table_.Erase(gone);
    for (ConnectionIndex i = 0; i < 3; ++i) {
      EXPECT_EQ(table_.Find(7, Key(i)), i == gone ? kNoConnection : i);
    }
    for (ConnectionIndex i = 0; i < 3; ++i) {
      if (i != gone) table_.Erase(i);
    }
  }
}

TEST_F(ConnectionTableTest, VisitsTheBucketsConnectionsAndNoOthers) {
  Insert(1, 5, Key(1));
  Insert(2, 5 + 64, Key(2));
  Insert(3, 5 + 64 * 1'000, Key(3));
  Insert(4, 6, Key(4));
  EXPECT_THAT(Of(table_, 5), UnorderedElementsAre(1, 2, 3));
  EXPECT_THAT(Of(table_, 6), UnorderedElementsAre(4));
  table_.ForEach(BucketId(5),
                 [&](ConnectionIndex index) { table_.Erase(index); });
  EXPECT_THAT(Of(table_, 5), IsEmpty());
  EXPECT_EQ(table_.size(BucketId(5)), 0u);
  EXPECT_THAT(Of(table_, 6), UnorderedElementsAre(4));
}

TEST(ConnectionTableSizes, EveryBucketGetsAnEvenShareOfHeads) {
  struct Case {
    std::uint32_t connections, buckets;
    std::size_t heads;
  };
  for (const Case& c : {Case{1, 64, 64 * 16}, Case{1'024, 64, 64 * 16},
                        Case{1'025, 64, 64 * 32}, Case{100'000, 64, 64 * 2'048},
                        Case{100'000, 65'536, 65'536 * 16}}) {
    SCOPED_TRACE(::testing::Message() << c.connections << " " << c.buckets);
    const auto pool = std::move(ConnectionPool::Create(c.connections)).value();
    EXPECT_EQ(ConnectionTable(*pool, c.buckets).heads(), c.heads);
  }
}

// With hashes that only differ above the bucket's bits, as within one bucket.
TEST(ConnectionTableSizes, ChainsStayShortWithinABucket) {
  constexpr std::uint32_t kBuckets = 1'024;
  ConnectionRecords records(65'536, 0);
  ConnectionTable table(records.pool(), kBuckets);
  std::mt19937 random(1);
  const auto per_bucket = static_cast<std::uint32_t>(table.heads() / kBuckets);
  std::uint32_t longest = 0;
  for (ConnectionIndex i = 0; i < per_bucket; ++i) {
    records[i].hash =
        static_cast<std::uint32_t>(random()) / kBuckets * kBuckets;
    records[i].key = Key(i);
    table.Insert(i);
    std::uint32_t length = 0;
    for (ConnectionIndex c = i; c != kNoConnection;
         c = records[c].next_in_chain) {
      ++length;
    }
    longest = std::max(longest, length);
  }
  EXPECT_EQ(table.size(BucketId(0)), per_bucket);
  EXPECT_LE(longest, 8u);
}

TEST(ConnectionTableProperty, AgreesWithAnOrderedMap) {
  constexpr std::uint32_t kConnections = 500;
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    ConnectionRecords records(kConnections, 0);
    ConnectionTable table(records.pool(), 64);
    // Few hashes, so that chains grow; a key always has the same hash.
    const auto hash_of = [](std::uint32_t n) { return n % 97 * 0x10'0001U; };
    std::map<std::uint32_t, ConnectionIndex> oracle;
    std::vector<ConnectionIndex> free(kConnections);
    for (ConnectionIndex i = 0; i < kConnections; ++i) free[i] = i;
    for (int step = 0; step < 20'000; ++step) {
      const auto n = static_cast<std::uint32_t>(random() % 1'000);
      const ConnectionIndex found = table.Find(hash_of(n), Key(n));
      const auto expected = oracle.find(n);
      if (expected == oracle.end()) {
        ASSERT_EQ(found, kNoConnection);
        if (free.empty()) continue;
        records[free.back()].hash = hash_of(n);
        records[free.back()].key = Key(n);
        table.Insert(free.back());
        oracle[n] = free.back();
        free.pop_back();
      } else {
        ASSERT_EQ(found, expected->second);
        if (random() % 2 == 0) continue;
        table.Erase(found);
        oracle.erase(expected);
        free.push_back(found);
      }
    }
    std::size_t total = 0;
    for (std::uint32_t bucket = 0; bucket < 64; ++bucket) {
      const std::vector<ConnectionIndex> in_bucket = Of(table, bucket);
      EXPECT_EQ(in_bucket.size(), table.size(BucketId(bucket)));
      for (const ConnectionIndex index : in_bucket) {
        EXPECT_EQ(records[index].hash % 64, bucket);
      }
      total += in_bucket.size();
    }
    EXPECT_EQ(total, oracle.size());
  }
}

}  // namespace
}  // namespace lb::dataplane
