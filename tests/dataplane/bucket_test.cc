#include "dataplane/core/bucket.h"

#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

TEST(BucketTest, ClosingAnIntervalReturnsItsSumsAndStartsAtZero) {
  ConnectionRecords records(1, 0);
  Bucket bucket(BucketId(5), records.connections());
  bucket.interval = {.arrived = 12,
                     .served = 10,
                     .dropped = 2,
                     .service_ns = 5'000,
                     .dropped_ns = 900};
  const BucketInterval closed = bucket.CloseInterval();
  EXPECT_EQ(closed.arrived, 12u);
  EXPECT_EQ(closed.dropped_ns, 900u);
  EXPECT_EQ(bucket.interval.arrived, 0u);
  EXPECT_EQ(bucket.interval.service_ns, 0u);
  EXPECT_EQ(bucket.mean_service_ns, 500u);
}

TEST(BucketTest, MeanServiceTimeIsSmoothedAndSurvivesIdleIntervals) {
  ConnectionRecords records(1, 0);
  Bucket bucket(BucketId(5), records.connections());
  bucket.interval.served = 10;
  bucket.interval.service_ns = 10'000;
  bucket.CloseInterval();
  bucket.CloseInterval();
  EXPECT_EQ(bucket.mean_service_ns, 1'000u);
  bucket.interval.served = 1;
  bucket.interval.service_ns = 3'000;
  bucket.CloseInterval();
  EXPECT_EQ(bucket.mean_service_ns, 2'000u);
}

}  // namespace
}  // namespace lb::dataplane
