#include "common/counters.h"

#include "gtest/gtest.h"

namespace lb {
namespace {

TEST(Counters, DifferenceAndSumAreInverse) {
  Counters earlier;
  earlier.arrived = 10;
  earlier.served = 7;
  earlier.drop(DropReason::kPool) = 2;
  Counters delta;
  delta.arrived = 5;
  delta.served = 4;
  delta.bytes = 400;
  delta.drop(DropReason::kPool) = 1;
  delta.drop(DropReason::kSource) = 3;
  delta.sent = 2;
  delta.not_sent(UnsentReason::kCut) = 1;
  delta.not_sent(UnsentReason::kSink) = 6;
  Counters later = earlier;
  later += delta;
  const Counters back = Difference(later, earlier);
  EXPECT_EQ(back.arrived, 5u);
  EXPECT_EQ(back.served, 4u);
  EXPECT_EQ(back.bytes, 400u);
  EXPECT_EQ(back.dropped_total(), 4u);
  EXPECT_EQ(back.sent, 2u);
  EXPECT_EQ(back.unsent_total(), 7u);
}

TEST(Counters, QueuedOfADifferenceIsTheLaterLevel) {
  Counters earlier;
  earlier.queued = 9;
  Counters later;
  later.queued = 4;
  EXPECT_EQ(Difference(later, earlier).queued, 4u);
}

TEST(DropReason, EveryReasonHasItsName) {
  EXPECT_EQ(DropReasonName(DropReason::kRingFull), "ring_full");
  EXPECT_EQ(DropReasonName(DropReason::kSource), "source");
  EXPECT_EQ(UnsentReasonName(UnsentReason::kOutputFull), "output_full");
  EXPECT_EQ(UnsentReasonName(UnsentReason::kSink), "sink");
}

}  // namespace
}  // namespace lb
