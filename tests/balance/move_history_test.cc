#include "balance/move_history.h"

#include <vector>

#include "gtest/gtest.h"

namespace lb::balance {
namespace {

using std::chrono::seconds;

Snapshot TwoProcessors() {
  Snapshot snapshot;
  snapshot.processors.resize(2);
  snapshot.buckets.resize(4);
  return snapshot;
}

TEST(MoveHistory, ABucketRestsAndDoesNotReturnForAWhile) {
  const Policy policy;  // 10 s and 60 s
  MoveHistory history;
  const MonotonicTime start{};
  const std::vector<Move> moves = {
      {BucketId(2), ProcessorId(1), ProcessorId(0)}};
  history.Add(moves, start);
  struct Case {
    int after_s;
    bool resting;
    bool no_return;
  };
  for (const Case& c :
       {Case{0, true, true}, Case{9, true, true}, Case{10, false, true},
        Case{59, false, true}, Case{60, false, false}}) {
    Snapshot snapshot = TwoProcessors();
    history.Mark(snapshot, policy, start + seconds(c.after_s));
    EXPECT_EQ(snapshot.buckets[2].resting, c.resting) << c.after_s;
    EXPECT_EQ(snapshot.buckets[2].no_return.has_value(), c.no_return)
        << c.after_s;
    EXPECT_FALSE(snapshot.buckets[1].resting);
  }
  history.Forget(policy, start + seconds(60));
  Snapshot snapshot = TwoProcessors();
  history.Mark(snapshot, policy, start);
  EXPECT_FALSE(snapshot.buckets[2].resting);
}

TEST(MoveHistory, ABucketDoesNotReturnByADetour) {
  MoveHistory history;
  const MonotonicTime start{};
  history.Add(std::vector<Move>{{BucketId(2), ProcessorId(1), ProcessorId(0)}},
              start);
  history.Add(std::vector<Move>{{BucketId(2), ProcessorId(0), ProcessorId(2)}},
              start + seconds(20));
  struct Case {
    int after_s;
    bool resting;  // or it might go to processor 1
    bool no_return;
  };
  for (const Case& c : {Case{30, true, true}, Case{59, true, true},
                        Case{60, false, true}, Case{80, false, false}}) {
    Snapshot snapshot = TwoProcessors();
    history.Mark(snapshot, Policy(), start + seconds(c.after_s));
    EXPECT_EQ(snapshot.buckets[2].resting, c.resting) << c.after_s;
    EXPECT_EQ(snapshot.buckets[2].no_return.has_value(), c.no_return)
        << c.after_s;
  }
}

TEST(MoveHistory, NothingHoldsABucketOnAProcessorOutOfService) {
  MoveHistory history;
  const std::vector<Move> moves = {
      {BucketId(2), ProcessorId(1), ProcessorId(0)}};
  history.Add(moves, MonotonicTime());
  Snapshot snapshot = TwoProcessors();
  snapshot.processors[0].in_service = false;
  history.Mark(snapshot, Policy(), MonotonicTime());
  EXPECT_FALSE(snapshot.buckets[2].resting);
  EXPECT_FALSE(snapshot.buckets[2].no_return.has_value());
}

}  // namespace
}  // namespace lb::balance
