#include "controller/store/row_codec.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace lb::controller {
namespace {

TEST(RowCodec, ProcessorsReadBack) {
  ProcessorLoad processor;
  processor.busy = std::chrono::nanoseconds(987'654'321);
  processor.capacity_permille = 166;
  processor.samples = {100, 0.1 + 0.2, 1e-9, -0.5};
  processor.in_service = false;
  processor.stalled = true;
  processor.packets = std::numeric_limits<std::uint64_t>::max();
  processor.backlog_packets = 3;
  const std::string bytes = PackProcessors({ProcessorLoad(), processor});
  const auto read = UnpackProcessors(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(1).busy, processor.busy);
  EXPECT_EQ(read->at(1).capacity_permille, 166U);
  EXPECT_EQ(read->at(1).samples.mean, processor.samples.mean);
  EXPECT_EQ(read->at(1).samples.lag1_autocorrelation, -0.5);
  EXPECT_TRUE(read->at(1).stalled);
  EXPECT_FALSE(read->at(1).in_service);
  EXPECT_EQ(read->at(1).packets, processor.packets);
  EXPECT_EQ(PackProcessors(*read), bytes);
  EXPECT_FALSE(UnpackProcessors(bytes.substr(1)).ok());
}

TEST(RowCodec, BucketsReadBack) {
  const std::vector<BucketLoad> buckets = {
      {BucketId(0), 0, 0, 0, false},
      {BucketId(65'535), 1'000'000'000, 4'000, 17, true}};
  const std::string bytes = PackBuckets(buckets);
  const auto read = UnpackBuckets(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ(read->at(1).bucket, BucketId(65'535));
  EXPECT_EQ(read->at(1).load_ns_per_s, 1'000'000'000U);
  EXPECT_TRUE(read->at(1).lower_bound);
  EXPECT_EQ(PackBuckets(*read), bytes);
  EXPECT_FALSE(UnpackBuckets(bytes.substr(0, bytes.size() - 1)).ok());
}

TEST(RowCodec, CountersReadBackAndSoDoThoseOfOlderRows) {
  Counters counters;
  counters.duplicated = 3;
  counters.sent = 4;
  counters.unsent = {5, 6, 7, 8};
  const std::string bytes = PackCounters(counters);
  const auto read = UnpackCounters(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->sent, 4U);
  EXPECT_EQ(read->unsent, counters.unsent);
  EXPECT_EQ(PackCounters(*read), bytes);
  const auto older = UnpackCounters(bytes.substr(0, bytes.size() - 5));
  ASSERT_TRUE(older.ok()) << older.status();
  EXPECT_EQ(older->duplicated, 3U);
  EXPECT_EQ(older->sent, 0U);
}

TEST(RowCodec, OddTablesAndHalfNumbersAreDamaged) {
  EXPECT_TRUE(absl::IsDataLoss(UnpackOwners("abc").status()));
  EXPECT_TRUE(absl::IsDataLoss(UnpackDoubles("1234567").status()));
  EXPECT_TRUE(absl::IsDataLoss(UnpackNumbers("\xff").status()));
  EXPECT_TRUE(absl::IsDataLoss(UnpackCounters("").status()));
  EXPECT_EQ(UnpackOwners("\x02\x01")->at(0), ProcessorId(0x0102));
}

}  // namespace
}  // namespace lb::controller
