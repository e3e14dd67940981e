#include "dataplane/core/bucket_due_queue.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>

#include "gtest/gtest.h"

namespace lb::dataplane {
namespace {

TEST(BucketDueQueueTest, EmptyIsNeverDue) {
  const BucketDueQueue due(64);
  EXPECT_EQ(due.Top().tick, kNever);
}

TEST(BucketDueQueueTest, LowerTellsWhetherTheTopCameForward) {
  BucketDueQueue due(64);
  EXPECT_TRUE(due.Lower(BucketId(7), 100));
  EXPECT_FALSE(due.Lower(BucketId(7), 100));
  EXPECT_FALSE(due.Lower(BucketId(7), 200));
  EXPECT_EQ(due.Top().tick, 100u);
  EXPECT_FALSE(due.Lower(BucketId(8), 150));
  EXPECT_TRUE(due.Lower(BucketId(8), 50));
  EXPECT_EQ(due.Top().bucket, BucketId(8));
  due.Remove(BucketId(8));
  due.Remove(BucketId(8));
  EXPECT_EQ(due.Top().bucket, BucketId(7));
  due.Set(BucketId(7), kNever);
  EXPECT_EQ(due.Top().tick, kNever);
}

// Takes out all that is left, which comes in the order of its ticks.
void Drain(BucketDueQueue& due, std::map<std::uint32_t, TimerTick>& oracle) {
  TimerTick before = 0;
  while (!oracle.empty()) {
    const BucketDue top = due.Top();
    ASSERT_GE(top.tick, before);
    ASSERT_EQ(oracle.at(top.bucket.value()), top.tick);
    before = top.tick;
    due.Remove(top.bucket);
    oracle.erase(top.bucket.value());
  }
  ASSERT_EQ(due.Top().tick, kNever);
}

TEST(BucketDueQueueProperty, TopIsTheEarliest) {
  constexpr std::uint32_t kBuckets = 200;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    BucketDueQueue due(kBuckets);
    std::map<std::uint32_t, TimerTick> oracle;
    for (int step = 0; step < 20'000; ++step) {
      if (step % 1'000 == 999) {
        Drain(due, oracle);
      }
      const auto bucket = static_cast<std::uint32_t>(random() % kBuckets);
      const TimerTick tick = random() % 1'000;
      const auto found = oracle.find(bucket);
      switch (random() % 4) {
        case 0:
          due.Remove(BucketId(bucket));
          oracle.erase(bucket);
          break;
        case 1:
          due.Lower(BucketId(bucket), tick);
          if (found == oracle.end() || found->second > tick) {
            oracle[bucket] = tick;
          }
          break;
        default:
          due.Set(BucketId(bucket), tick);
          oracle[bucket] = tick;
      }
      TimerTick earliest = kNever;
      for (const auto& entry : oracle) {
        earliest = std::min(earliest, entry.second);
      }
      ASSERT_EQ(due.Top().tick, earliest) << "step " << step;
      if (earliest != kNever) {
        ASSERT_EQ(oracle.at(due.Top().bucket.value()), earliest);
      }
    }
  }
}

}  // namespace
}  // namespace lb::dataplane
