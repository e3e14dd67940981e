#include "common/table.h"

#include "common/plan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Layout TestLayout() {
  return {64, HashKind::kSipHash, "0011aabb", {{0, 1000}, {1, 1000}, {0, 500}}};
}

TEST(Table, RoundRobinDealsEveryBucket) {
  const Table table = DealRoundRobin(TestLayout());
  ASSERT_EQ(table.buckets(), 64u);
  EXPECT_EQ(table.owner[0], ProcessorId(0));
  EXPECT_EQ(table.owner[4], ProcessorId(1));
  EXPECT_TRUE(ValidateTable(table, TestLayout()).ok());
}

// Pinned, because stored histories hold digests.
TEST(Table, DigestIsStable) {
  EXPECT_EQ(ComputeDigest(DealRoundRobin(TestLayout())).value(),
            0xb518f0acabdd84deu);
}

TEST(Table, DigestCoversEveryPart) {
  const Table table = DealRoundRobin(TestLayout());
  Table other = table;
  other.owner[63] = ProcessorId(2);
  EXPECT_NE(ComputeDigest(other), ComputeDigest(table));
  other = table;
  other.key_id = "x";
  EXPECT_NE(ComputeDigest(other), ComputeDigest(table));
  other = table;
  other.hash = HashKind::kToeplitz;
  EXPECT_NE(ComputeDigest(other), ComputeDigest(table));
}

TEST(Table, ValidateNamesTheFirstDifference) {
  const Layout layout = TestLayout();
  Table table = DealRoundRobin(layout);
  table.owner[7] = ProcessorId(3);
  EXPECT_THAT(std::string(ValidateTable(table, layout).message()),
              HasSubstr("bucket 7 to processor 3"));
  table.key_id = "other";
  EXPECT_THAT(std::string(ValidateTable(table, layout).message()),
              HasSubstr("key other"));
  table.owner.pop_back();
  EXPECT_THAT(std::string(ValidateTable(table, layout).message()),
              HasSubstr("63 buckets"));
}

TEST(Layout, ValidateKnowsTheLimits) {
  EXPECT_TRUE(ValidateLayout(TestLayout()).ok());
  for (std::uint32_t buckets : {0u, 32u, 100u, 131'072u}) {
    Layout layout = TestLayout();
    layout.buckets = buckets;
    EXPECT_FALSE(ValidateLayout(layout).ok()) << buckets;
  }
  Layout layout = TestLayout();
  layout.processors[1].capacity_permille = 0;
  EXPECT_FALSE(ValidateLayout(layout).ok());
  layout.processors.clear();
  EXPECT_FALSE(ValidateLayout(layout).ok());
}

TEST(DeriveMoves, ListsDifferencesInBucketOrder) {
  const Table base = DealRoundRobin(TestLayout());
  Table next = base;
  next.owner[5] = ProcessorId(0);
  next.owner[3] = ProcessorId(1);
  EXPECT_THAT(DeriveMoves(base, next),
              ElementsAre(Move{BucketId(3), ProcessorId(0), ProcessorId(1)},
                          Move{BucketId(5), ProcessorId(2), ProcessorId(0)}));
  EXPECT_TRUE(DeriveMoves(base, base).empty());
}

}  // namespace
}  // namespace lb
