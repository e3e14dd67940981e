#include "dataplane/core/fair_queue.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

using std::chrono::microseconds;
using ::testing::ElementsAre;

class FairQueueTest : public ::testing::Test {
 protected:
  static FairQueueOptions Options(std::uint32_t limit) {
    return {.quantum = microseconds(50), .limit = limit};
  }

  PacketIndex Enqueue(FairQueue& queue, ConnectionIndex connection) {
    const PacketIndex packet = records_.TakePacket();
    EXPECT_EQ(queue.Enqueue(connection, packet), kNoPacket);
    return packet;
  }

  // One turn in which a packet takes `service_ns`, as a processor does it.
  ConnectionIndex Turn(FairQueue& queue, std::int64_t service_ns,
                       std::uint32_t most = 1'000) {
    const ConnectionIndex connection = queue.NextTurn();
    if (connection == kNoConnection) return connection;
    EXPECT_GT(queue.TurnBudget(), 0);
    std::int64_t spent = 0;
    std::uint32_t packets = 0;
    while (packets < most && spent < queue.TurnBudget()) {
      const PacketIndex packet = queue.Dequeue(connection);
      if (packet == kNoPacket) break;
      served_.push_back(packet);
      spent += service_ns;
      ++packets;
    }
    queue.EndTurn(connection, spent, packets);
    return connection;
  }

  ConnectionRecords records_{64, 4'096};
  FairQueue queue_{records_.connections(), records_.packets(), Options(1'024)};
  std::vector<PacketIndex> served_;
};

TEST_F(FairQueueTest, IdleQueueHasNoTurn) {
  EXPECT_EQ(queue_.NextTurn(), kNoConnection);
  EXPECT_EQ(queue_.packets(), 0u);
  EXPECT_EQ(queue_.connections(), 0u);
  EXPECT_EQ(queue_.backlog().count(), 0);
}

TEST_F(FairQueueTest, ServesInOrderAndCounts) {
  const PacketIndex a = Enqueue(queue_, 3);
  const PacketIndex b = Enqueue(queue_, 3);
  EXPECT_EQ(queue_.packets(), 2u);
  EXPECT_EQ(queue_.connections(), 1u);
  EXPECT_EQ(Turn(queue_, 1'000), 3u);
  EXPECT_THAT(served_, ElementsAre(a, b));
  EXPECT_EQ(queue_.packets(), 0u);
  EXPECT_EQ(queue_.connections(), 0u);
}

TEST_F(FairQueueTest, TurnEndsWithTheQuantumAndTheOthersFollow) {
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(served_.size(), 5u);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
  EXPECT_EQ(served_.size(), 10u);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
}

TEST_F(FairQueueTest, OverrunIsOwedInTheNextRound) {
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 120'000), 1u);  // owes 70 us
  EXPECT_EQ(Turn(queue_, 25'000), 2u);
  EXPECT_EQ(Turn(queue_, 25'000), 2u);
  EXPECT_EQ(Turn(queue_, 25'000), 1u);
  EXPECT_EQ(served_.size(), 1u + 2 + 2 + 2);  // 30 us left of two quanta
}

TEST_F(FairQueueTest, AnInterruptedTurnIsTakenUpAgain) {
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 10'000, /*most=*/2), 1u);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(served_.size(), 5u);
  EXPECT_EQ(Turn(queue_, 10'000, /*most=*/1), 2u);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
  EXPECT_EQ(served_.size(), 10u);
  EXPECT_EQ(Turn(queue_, 10'000, /*most=*/1), 1u);  // both are old by now
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
}

TEST_F(FairQueueTest, ANewConnectionGoesBeforeOldOnes) {
  for (ConnectionIndex c = 1; c <= 3; ++c) {
    for (int i = 0; i < 50; ++i) Enqueue(queue_, c);
  }
  for (int turn = 0; turn < 10; ++turn) Turn(queue_, 10'000);
  const PacketIndex packet = Enqueue(queue_, 9);
  served_.clear();
  EXPECT_EQ(Turn(queue_, 10'000), 9u);
  EXPECT_THAT(served_, ElementsAre(packet));
}

TEST_F(FairQueueTest, OnceTheQuantumIsUsedComingBackIsNotNew) {
  for (int i = 0; i < 50; ++i) Enqueue(queue_, 1);
  Turn(queue_, 10'000);
  for (int i = 0; i < 5; ++i) {
    Enqueue(queue_, 2);
    EXPECT_EQ(Turn(queue_, 10'000), 2u) << i;
  }
  Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
}

TEST_F(FairQueueTest, DebtsAreForgivenWhenNothingWaits) {
  Enqueue(queue_, 1);
  Turn(queue_, 900'012'345);
  Enqueue(queue_, 2);
  Enqueue(queue_, 1);
  Turn(queue_, 1'000);
  EXPECT_EQ(Turn(queue_, 1'000), 1u);
  EXPECT_EQ(records_[1].deficit_ns, 49'000);
}

TEST_F(FairQueueTest, NewConnectionsTogetherGetNoMoreThanTheOthers) {
  for (int i = 0; i < 50; ++i) Enqueue(queue_, 1);
  Turn(queue_, 10'000);
  for (ConnectionIndex c = 2; c < 22; ++c) Enqueue(queue_, c);
  for (ConnectionIndex c = 2; c < 22; ++c) {
    EXPECT_EQ(Turn(queue_, 10'000), c);
    if (c % 5 == 1) {
      EXPECT_EQ(Turn(queue_, 10'000), 1u) << c;
    }
  }
}

// The half is a bound on new connections only: those that seldom send are not
// put off behind one that always does.
TEST_F(FairQueueTest, ReturningConnectionsGoBeforeOldOnes) {
  for (ConnectionIndex c = 2; c < 12; ++c) Enqueue(queue_, c);
  for (ConnectionIndex c = 2; c < 12; ++c) Turn(queue_, 10'000);
  for (int i = 0; i < 50; ++i) Enqueue(queue_, 1);
  Turn(queue_, 10'000);
  for (ConnectionIndex c = 2; c < 12; ++c) Enqueue(queue_, c);
  for (ConnectionIndex c = 2; c < 12; ++c) {
    EXPECT_EQ(Turn(queue_, 10'000), c);
  }
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
}

// All owe 9,950 us; rounds that only pay are counted instead of walked.
TEST_F(FairQueueTest, DebtsOfManyQuantaKeepTheTurnsEven) {
  for (ConnectionIndex c = 0; c < 8; ++c) {
    for (int i = 0; i < 50; ++i) Enqueue(queue_, c);
  }
  const auto new_waits = [&] {
    for (ConnectionIndex c = 0; c < 8; ++c) {
      if (records_[c].round == RoundState::kNew) return true;
    }
    return false;
  };
  while (new_waits()) Turn(queue_, 10'000'000);
  std::vector<int> turns(8);
  for (int turn = 0; turn < 20 * 8; ++turn) {
    ++turns[Turn(queue_, 10'000'000)];
    EXPECT_LE(*std::max_element(turns.begin(), turns.end()) -
                  *std::min_element(turns.begin(), turns.end()),
              2);
  }
}

TEST_F(FairQueueTest, ATurnOfNoMeasurableTimeIsNotFree) {
  for (int i = 0; i < 8; ++i) Enqueue(queue_, 1);
  Turn(queue_, 0);
  EXPECT_LT(records_[1].deficit_ns, 50'000);
  EXPECT_GE(records_[1].mean_service_ns, 1u);
}

TEST_F(FairQueueTest, MeanServiceTimeFollowsWhatIsMeasured) {
  Enqueue(queue_, 1);
  const std::uint32_t start = records_[1].mean_service_ns;
  EXPECT_EQ(start, queue_.mean_service_ns());
  Turn(queue_, 17'000);
  EXPECT_EQ(records_[1].mean_service_ns, start + (17'000 - start) / 8);
  for (int i = 0; i < 100; ++i) {
    Enqueue(queue_, 1);
    Turn(queue_, 17'003);
  }
  EXPECT_EQ(records_[1].mean_service_ns, 17'003u);
  for (int i = 0; i < 8; ++i) Enqueue(queue_, 1);
  EXPECT_EQ(queue_.backlog().count(), 8 * 17'003);
  Turn(queue_, 100);
  EXPECT_EQ(records_[1].mean_service_ns, 100u);
}

TEST_F(FairQueueTest, WhenFullTheLongestQueueLosesItsOldestPacket) {
  FairQueue queue(records_.connections(), records_.packets(), Options(40));
  std::vector<PacketIndex> greedy;
  for (int i = 0; i < 30; ++i) greedy.push_back(Enqueue(queue, 1));
  for (ConnectionIndex c = 2; c < 12; ++c) Enqueue(queue, c);
  EXPECT_EQ(queue.Enqueue(20, records_.TakePacket()), greedy[0]);
  EXPECT_EQ(queue.Enqueue(1, records_.TakePacket()), greedy[1]);
  EXPECT_EQ(queue.packets(), 40u);
}

TEST_F(FairQueueTest, LengthIsServiceTimeNotPackets) {
  FairQueue queue(records_.connections(), records_.packets(), Options(13));
  for (int i = 0; i < 8; ++i) Enqueue(queue, 2);
  Turn(queue, 1'000);
  Enqueue(queue, 1);
  Turn(queue, 900'000);
  const PacketIndex next = Enqueue(queue, 1);
  // 12 packets of 1 us against one of about 100 us.
  for (int i = 0; i < 12; ++i) Enqueue(queue, 2);
  EXPECT_EQ(queue.Enqueue(2, records_.TakePacket()), next);
  EXPECT_EQ(queue.connections(), 1u);
}

TEST_F(FairQueueTest, TheLongestMayLoseThePacketJustGiven) {
  FairQueue queue(records_.connections(), records_.packets(), Options(1));
  Enqueue(queue, 1);
  const PacketIndex packet = records_.TakePacket();
  const PacketIndex dropped = queue.Enqueue(2, packet);
  EXPECT_NE(dropped, kNoPacket);
  EXPECT_EQ(queue.packets(), 1u);
  EXPECT_EQ(queue.connections(), 1u);
}

TEST_F(FairQueueTest, WouldLoseWhoIsAmongTheLongestOfAFullQueue) {
  FairQueue queue(records_.connections(), records_.packets(), Options(100));
  for (int i = 0; i < 89; ++i) Enqueue(queue, 1);
  for (ConnectionIndex c = 2; c < 12; ++c) Enqueue(queue, c);
  EXPECT_FALSE(queue.WouldLose(1)) << "not full";
  Enqueue(queue, 1);
  EXPECT_TRUE(queue.WouldLose(1));
  EXPECT_FALSE(queue.WouldLose(2));
  EXPECT_FALSE(queue.WouldLose(20)) << "has nothing waiting";
  EXPECT_FALSE(queue.NewWouldLose());
  Turn(queue, 1'000, /*most=*/1);
  EXPECT_FALSE(queue.WouldLose(1)) << "no longer full";
}

// While nobody has more than a turn's worth waiting, the many new ones are the
// greediest, even beside one that has two packets.
TEST_F(FairQueueTest, ANewConnectionWouldLoseBesideManyNewOnes) {
  FairQueue queue(records_.connections(), records_.packets(), Options(10));
  for (ConnectionIndex c = 0; c < 4; ++c) Enqueue(queue, c);
  while (Turn(queue, 1'000) != kNoConnection) {
  }
  for (ConnectionIndex c = 0; c < 4; ++c) Enqueue(queue, c);
  for (ConnectionIndex c = 10; c < 15; ++c) Enqueue(queue, c);
  EXPECT_FALSE(queue.NewWouldLose()) << "not full";
  Enqueue(queue, 0);
  EXPECT_TRUE(queue.NewWouldLose());
  EXPECT_FALSE(queue.WouldLose(0));
  EXPECT_NE(queue.Enqueue(0, records_.TakePacket()), kNoPacket);
  EXPECT_EQ(records_[0].queue.size(), 3u);
  EXPECT_EQ(records_[10].queue.size(), 0u);
}

TEST_F(FairQueueTest, ANewConnectionWouldLoseWhereNoneIsLonger) {
  FairQueue queue(records_.connections(), records_.packets(), Options(10));
  Enqueue(queue, 30);
  for (int i = 0; i < 50; ++i) {
    Turn(queue, 900'000);
    Enqueue(queue, 30);
  }
  Turn(queue, 900'000);
  for (ConnectionIndex c = 0; c < 10; ++c) Enqueue(queue, c);
  EXPECT_TRUE(queue.NewWouldLose());
  // One that is four times as long as the others in the place of three.
  for (int i = 0; i < 4; ++i) Turn(queue, 900'000);
  for (int i = 0; i < 4; ++i) Enqueue(queue, 20);
  EXPECT_FALSE(queue.NewWouldLose());
}

// A flood of new connections, each as long as any, must not cost those a packet
// that were there before.
TEST_F(FairQueueTest, OfSeveralAsLongNewConnectionsLoseFirst) {
  FairQueue queue(records_.connections(), records_.packets(), Options(10));
  for (ConnectionIndex c = 0; c < 2; ++c) {
    Enqueue(queue, c);
    Turn(queue, 900'000);
  }
  for (ConnectionIndex c = 10; c < 19; ++c) Enqueue(queue, c);
  const PacketIndex known = Enqueue(queue, 0);
  for (ConnectionIndex c = 20; c < 30; ++c) {
    EXPECT_NE(queue.Enqueue(c, records_.TakePacket()), known);
  }
  const PacketIndex also_known = records_.TakePacket();
  EXPECT_NE(queue.Enqueue(1, also_known), also_known);
  EXPECT_EQ(records_[0].queue.size(), 1u);
  EXPECT_EQ(records_[1].queue.size(), 1u);
}

TEST_F(FairQueueTest, DropsDuringATurnLeaveTheTurnIntact) {
  FairQueue queue(records_.connections(), records_.packets(), Options(2));
  Enqueue(queue, 1);
  Enqueue(queue, 1);
  ASSERT_EQ(queue.NextTurn(), 1u);
  EXPECT_NE(queue.Enqueue(2, records_.TakePacket()), kNoPacket);
  EXPECT_NE(queue.Enqueue(2, records_.TakePacket()), kNoPacket);
  while (queue.Dequeue(1) != kNoPacket) {
  }
  queue.EndTurn(1, 0, 0);
  std::uint32_t left = queue.packets();
  EXPECT_EQ(left, queue.connections() == 0 ? 0u : records_[2].queue.size());
  while (Turn(queue, 1'000) != kNoConnection) {
  }
  EXPECT_EQ(queue.connections(), 0u);
}

TEST_F(FairQueueTest, ADetachedConnectionTakesQueueAndDebtAlong) {
  FairQueue other(records_.connections(), records_.packets(), Options(1'024));
  for (int i = 0; i < 10; ++i) Enqueue(queue_, 1);
  Enqueue(queue_, 2);
  for (int i = 0; i < 10; ++i) Enqueue(other, 3);
  Turn(queue_, 500'000, /*most=*/1);
  EXPECT_EQ(records_[1].deficit_ns, -450'000);
  queue_.Detach(1);
  EXPECT_EQ(queue_.packets(), 1u);
  EXPECT_EQ(queue_.connections(), 1u);
  EXPECT_EQ(records_[1].deficit_ns, -450'000);
  other.Attach(1);
  EXPECT_EQ(other.packets(), 19u);
  EXPECT_EQ(other.connections(), 2u);
  // Connection 3 has its first turn; then nine rounds pay the debt.
  for (int turn = 0; turn < 10; ++turn) {
    EXPECT_EQ(Turn(other, 50'000), 3u) << turn;
  }
  EXPECT_EQ(Turn(other, 50'000), 1u);
}

TEST_F(FairQueueTest, AnIdleConnectionMayBeDetachedToo) {
  FairQueue other(records_.connections(), records_.packets(), Options(1'024));
  for (int i = 0; i < 20; ++i) Enqueue(queue_, 2);
  Enqueue(queue_, 1);
  Turn(queue_, 10'000, /*most=*/1);
  ASSERT_EQ(Turn(queue_, 5'000, /*most=*/4), 2u);
  ASSERT_EQ(Turn(queue_, 5'000, /*most=*/4), 2u);
  ASSERT_EQ(Turn(queue_, 80'000), 1u);
  EXPECT_EQ(records_[1].deficit_ns, -30'000);
  ASSERT_EQ(Turn(queue_, 50'000, /*most=*/1), 2u);  // in the next round
  queue_.Detach(1);
  queue_.Detach(7);  // never seen
  EXPECT_EQ(records_[1].deficit_ns, 20'000);
  other.Attach(1);
  other.Attach(7);
  EXPECT_EQ(other.connections(), 0u);
  Enqueue(other, 7);
  Enqueue(other, 1);
  EXPECT_EQ(Turn(other, 1'000), 7u);
  EXPECT_EQ(Turn(other, 1'000), 1u);
}

TEST_F(FairQueueTest, AttachDropsNothing) {
  FairQueue small(records_.connections(), records_.packets(), Options(2));
  for (int i = 0; i < 5; ++i) Enqueue(queue_, 1);
  queue_.Detach(1);
  small.Attach(1);
  EXPECT_EQ(small.packets(), 5u);
  EXPECT_NE(small.Enqueue(2, records_.TakePacket()), kNoPacket);
  EXPECT_EQ(small.packets(), 5u);
}

TEST_F(FairQueueTest, ALoweredQuantumHoldsFromTheNextTurn) {
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 10'000, /*most=*/1), 1u);  // has 40 us left
  queue_.Configure({.quantum = microseconds(20), .limit = 1'024});
  served_.clear();
  for (const ConnectionIndex c : {1u, 2u, 1u, 2u}) {
    EXPECT_EQ(Turn(queue_, 10'000), c);
  }
  EXPECT_EQ(served_.size(), 4u * 2);
}

TEST_F(FairQueueTest, WhatIsOwedOfALargerQuantumIsStillOwed) {
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 90'000), 1u);  // owes 40 us
  queue_.Configure({.quantum = microseconds(20), .limit = 1'024});
  for (int turn = 0; turn < 3; ++turn) EXPECT_EQ(Turn(queue_, 20'000), 2u);
  EXPECT_EQ(Turn(queue_, 20'000), 1u);
  EXPECT_EQ(Turn(queue_, 20'000), 2u);
}

TEST_F(FairQueueTest, ARaisedQuantumWaitsForTheRound) {
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 1);
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 2);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  served_.clear();
  queue_.Configure({.quantum = microseconds(100), .limit = 1'024});
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
  EXPECT_EQ(served_.size(), 5u) << "as much as the other had in this round";
  EXPECT_EQ(Turn(queue_, 10'000), 1u);
  EXPECT_EQ(served_.size(), 5u + 10);
  EXPECT_EQ(Turn(queue_, 10'000), 2u);
  EXPECT_EQ(served_.size(), 5u + 20);
}

TEST_F(FairQueueTest, ARaisedQuantumDoesNotWaitWhereNothingWaits) {
  queue_.Configure({.quantum = microseconds(70), .limit = 1'024});
  Enqueue(queue_, 1);
  queue_.Configure({.quantum = microseconds(90), .limit = 1'024});
  ASSERT_EQ(queue_.NextTurn(), 1u);
  EXPECT_EQ(queue_.TurnBudget(), 70'000);
  queue_.Dequeue(1);
  queue_.EndTurn(1, 1'000, 1);
  Enqueue(queue_, 1);
  ASSERT_EQ(queue_.NextTurn(), 1u);
  EXPECT_EQ(queue_.TurnBudget(), 90'000);
}

TEST_F(FairQueueTest, ADebtOfManyQuantaIsPaidInTheRaisedOne) {
  for (int i = 0; i < 40; ++i) Enqueue(queue_, 1);
  EXPECT_EQ(Turn(queue_, 1'050'000), 1u);  // owes 1 ms
  queue_.Configure({.quantum = microseconds(300), .limit = 1'024});
  ASSERT_EQ(queue_.NextTurn(), 1u);
  EXPECT_EQ(queue_.TurnBudget(), 200'000);
}

TEST_F(FairQueueTest, ALoweredLimitMakesArrivalsPayUntilTheQueueFits) {
  std::vector<PacketIndex> greedy;
  for (int i = 0; i < 10; ++i) greedy.push_back(Enqueue(queue_, 1));
  queue_.Configure({.quantum = microseconds(50), .limit = 6});
  EXPECT_EQ(queue_.limit(), 6u);
  EXPECT_EQ(queue_.packets(), 10u) << "nothing is dropped at once";
  EXPECT_EQ(queue_.Enqueue(2, records_.TakePacket()), greedy[0]);
  EXPECT_EQ(queue_.packets(), 10u) << "one packet per arrival";
  EXPECT_EQ(Turn(queue_, 10'000), 1u);  // serves five of nine
  EXPECT_EQ(queue_.packets(), 5u);
  EXPECT_EQ(queue_.Enqueue(2, records_.TakePacket()), kNoPacket);
  EXPECT_NE(queue_.Enqueue(2, records_.TakePacket()), kNoPacket);
  queue_.Configure({.quantum = microseconds(50), .limit = 1'024});
  EXPECT_EQ(queue_.Enqueue(2, records_.TakePacket()), kNoPacket);
}

}  // namespace
}  // namespace lb::dataplane
