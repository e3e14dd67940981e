// What must hold of the fair queue whatever arrives: nothing lost, nothing out
// of order, nobody above his share.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "dataplane/core/fair_queue.h"
#include "gtest/gtest.h"
#include "tests/dataplane/connection_records.h"

namespace lb::dataplane {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kQuantum = 50'000;

// Two fair queues against one deque per connection.
class FairQueueModel {
 public:
  // Of either queue, now and then.
  enum class Limits { kFixed, kChange };
  FairQueueModel(std::uint32_t seed, Limits limits)
      : random_(seed),
        changes_(limits == Limits::kChange),
        model_(kConnections),
        home_(kConnections, 0) {}

  void Step() {
    const std::uint64_t what = Below(100);
    if (what < 55) {
      const auto connection = static_cast<ConnectionIndex>(
          std::min(Below(kConnections), Below(kConnections)));
      CheckWouldLose(connection);
      Arrive(connection);
    } else if (what < 90) {
      Serve(Below(kQueues));
    } else if (what == 99 && changes_) {
      Configure(Below(kQueues));
    } else {
      Move(static_cast<ConnectionIndex>(Below(kConnections)));
    }
    Check();
  }

  void Drain() {
    while (queues_[0].packets() + queues_[1].packets() > 0) {
      for (std::size_t q = 0; q < kQueues; ++q) Serve(q);
    }
    EXPECT_EQ(arrived_, served_ + dropped_);
    EXPECT_EQ(records_.packets_out(), 0u);
  }

  std::uint64_t served() const { return served_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  static constexpr std::uint32_t kConnections = 40;
  static constexpr std::uint32_t kLimit = 100;
  static constexpr std::size_t kQueues = 2;

  void Arrive(ConnectionIndex connection) {
    if (records_.out_of_packets()) return;
    FairQueue& queue = queues_[home_[connection]];
    const PacketIndex packet = records_.TakePacket();
    const std::uint32_t before = queue.packets();
    const std::uint32_t limit = queue.limit();
    const PacketIndex dropped = queue.Enqueue(connection, packet);
    model_[connection].push_back(packet);
    ++arrived_;
    if (dropped == kNoPacket) {
      ASSERT_LE(queue.packets(), limit);
      return;
    }
    ASSERT_GE(before, limit);
    ASSERT_EQ(queue.packets(), before);
    CheckDropped(dropped, home_[connection]);
  }

  // The loser's oldest packet, and the loser longer than half the longest
  // unless all are shorter than the smallest class, or than a turn and it is
  // new.
  void CheckDropped(PacketIndex dropped, std::size_t q) {
    ConnectionIndex loser = kNoConnection;
    std::uint64_t longest = 0;
    for (ConnectionIndex c = 0; c < kConnections; ++c) {
      if (home_[c] != q || model_[c].empty()) continue;
      longest = std::max(longest, Length(c));
      if (model_[c].front() == dropped) loser = c;
    }
    ASSERT_NE(loser, kNoConnection) << "not the oldest of any";
    const RoundState round = records_[loser].round;
    const bool is_new =
        round == RoundState::kNew || round == RoundState::kYoung;
    const auto turn = static_cast<std::uint64_t>(is_new ? budgets_[q] : 0);
    if (longest >= std::max<std::uint64_t>(8'192, 2 * turn)) {
      ASSERT_GT(Length(loser) * 2, longest);
    }
    model_[loser].pop_front();
    records_.ReturnPacket(dropped);
    ++dropped_;
  }

  // Only whoever is longer than half the longest.
  void CheckWouldLose(ConnectionIndex connection) {
    const std::size_t q = home_[connection];
    if (!queues_[q].WouldLose(connection)) return;
    ASSERT_GE(queues_[q].packets(), queues_[q].limit());
    for (ConnectionIndex c = 0; c < kConnections; ++c) {
      if (home_[c] != q) continue;
      ASSERT_GT(std::max<std::uint64_t>(Length(connection) * 2, 8'192),
                Length(c));
    }
  }

  std::uint64_t Length(ConnectionIndex c) {
    return model_[c].size() * records_[c].mean_service_ns;
  }

  void Serve(std::size_t q) {
    FairQueue& queue = queues_[q];
    const ConnectionIndex connection = queue.NextTurn();
    ASSERT_EQ(connection == kNoConnection, Waiting(q) == 0);
    if (connection == kNoConnection) return;
    ASSERT_EQ(home_[connection], q);
    ASSERT_GT(queue.TurnBudget(), 0);
    ASSERT_LE(queue.TurnBudget(), budgets_[q]);
    const std::uint64_t most = 1 + Below(6);
    std::int64_t spent = 0;
    std::uint32_t packets = 0;
    while (packets < most && spent < queue.TurnBudget()) {
      const PacketIndex packet = queue.Dequeue(connection);
      ASSERT_EQ(packet == kNoPacket, model_[connection].empty());
      if (packet == kNoPacket) break;
      ASSERT_EQ(packet, model_[connection].front()) << "out of order";
      model_[connection].pop_front();
      records_.ReturnPacket(packet);
      ++served_;
      ++packets;
      spent += Service(connection);
      // Packets come in during a turn too, of this connection and of others.
      if (Below(4) == 0) {
        Arrive(Below(2) == 0
                   ? connection
                   : static_cast<ConnectionIndex>(Below(kConnections)));
      }
    }
    queue.EndTurn(connection, spent, packets);
  }

  // A turn may take no more than the last quantum: a lower one holds at once, a
  // higher one may come later.
  void Configure(std::size_t q) {
    const auto quantum = static_cast<std::int64_t>(
        1'000 + Below(Below(2) == 0 ? 9'000 : 1'000'000));
    const auto limit = static_cast<std::uint32_t>(1 + Below(kLimit));
    queues_[q].Configure({.quantum = nanoseconds(quantum), .limit = limit});
    ASSERT_EQ(queues_[q].limit(), limit);
    budgets_[q] = quantum;
  }

  void Move(ConnectionIndex connection) {
    queues_[home_[connection]].Detach(connection);
    if (Below(4) == 0) Check(/*detached=*/connection);
    if (Below(2) == 0) home_[connection] = 1 - home_[connection];
    queues_[home_[connection]].Attach(connection);
  }

  void Check(ConnectionIndex detached = kNoConnection) {
    for (std::size_t q = 0; q < kQueues; ++q) {
      std::uint32_t packets = 0;
      std::uint32_t connections = 0;
      std::uint64_t backlog = 0;
      for (ConnectionIndex c = 0; c < kConnections; ++c) {
        if (home_[c] != q || c == detached) continue;
        packets += static_cast<std::uint32_t>(model_[c].size());
        connections += model_[c].empty() ? 0 : 1;
        backlog += Length(c);
      }
      ASSERT_EQ(queues_[q].packets(), packets);
      ASSERT_EQ(queues_[q].connections(), connections);
      ASSERT_EQ(queues_[q].backlog().count(),
                static_cast<std::int64_t>(backlog));
    }
  }

  std::uint32_t Waiting(std::size_t q) {
    std::uint32_t waiting = 0;
    for (ConnectionIndex c = 0; c < kConnections; ++c) {
      if (home_[c] == q && !model_[c].empty()) ++waiting;
    }
    return waiting;
  }

  // Every connection has its own typical service time, 128 ns to 1 ms.
  std::int64_t Service(ConnectionIndex connection) {
    const std::uint64_t typical = std::uint64_t{128} << connection % 14;
    return static_cast<std::int64_t>(typical / 2 + Below(typical));
  }

  std::uint64_t Below(std::uint64_t n) { return random_() % n; }

  std::mt19937 random_;
  const bool changes_;
  std::int64_t budgets_[kQueues] = {kQuantum, kQuantum};
  ConnectionRecords records_{kConnections, 300};
  FairQueueOptions options_{.quantum = nanoseconds(kQuantum), .limit = kLimit};
  FairQueue queues_[kQueues] = {
      FairQueue(records_.connections(), records_.packets(), options_),
      FairQueue(records_.connections(), records_.packets(), options_)};
  std::vector<std::deque<PacketIndex>> model_;
  std::vector<std::size_t> home_;
  std::uint64_t arrived_ = 0;
  std::uint64_t served_ = 0;
  std::uint64_t dropped_ = 0;
};

void RunModel(FairQueueModel::Limits limits) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    FairQueueModel model(seed, limits);
    for (int step = 0; step < 20'000; ++step) {
      model.Step();
      ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "step " << step;
    }
    model.Drain();
    EXPECT_GT(model.served(), 5'000u);
    EXPECT_GT(model.dropped(), 100u);
  }
}

TEST(FairQueueProperty, NothingLostNothingReordered) {
  RunModel(FairQueueModel::Limits::kFixed);
}

TEST(FairQueueProperty, NothingLostNothingReorderedWhileLimitsChange) {
  RunModel(FairQueueModel::Limits::kChange);
}

// A processor in virtual time, with each connection's service received.
class VirtualProcessor {
 public:
  VirtualProcessor(std::uint32_t connections, std::uint32_t seed)
      : random(seed),
        records(connections, 4 * connections + 64),
        queue(
            records.connections(), records.packets(),
            {.quantum = nanoseconds(kQuantum), .limit = 4 * connections + 64}),
        received(connections),
        longest_packet(connections) {}

  void Arrive(ConnectionIndex connection) {
    ASSERT_EQ(queue.Enqueue(connection, records.TakePacket()), kNoPacket);
  }

  // Serves one turn, possibly cut short as by the end of a batch;
  // service(connection) is a packet's time.
  template <class Service>
  ConnectionIndex Turn(Service&& service) {
    const ConnectionIndex connection = queue.NextTurn();
    if (connection == kNoConnection) return connection;
    const std::uint64_t most = random() % 8 == 0 ? 1 : 1'000;
    std::int64_t spent = 0;
    std::uint32_t packets = 0;
    while (packets < most && spent < queue.TurnBudget()) {
      const PacketIndex packet = queue.Dequeue(connection);
      if (packet == kNoPacket) break;
      records.ReturnPacket(packet);
      const std::int64_t time = service(connection);
      longest_packet[connection] = std::max(longest_packet[connection], time);
      spent += time;
      ++packets;
    }
    queue.EndTurn(connection, spent, packets);
    received[connection] += spent;
    now += spent;
    return connection;
  }

  void ChangeQuantum(std::int64_t quantum_ns) {
    queue.Configure(
        {.quantum = nanoseconds(quantum_ns), .limit = queue.limit()});
  }

  std::mt19937 random;
  ConnectionRecords records;
  FairQueue queue;
  std::vector<std::int64_t> received;
  std::vector<std::int64_t> longest_packet;
  std::int64_t now = 0;
};

// The first half of the connections always wait; the others come and go as they
// like: some send one packet whenever they have none waiting, some at random.
// In the middle of it the quantum becomes `changed`; 0: it stays.
void RunShares(std::uint32_t seed, std::int64_t changed = 0) {
  constexpr std::uint32_t kConnections = 16;
  constexpr std::uint32_t kAlways = kConnections / 2;
  VirtualProcessor cpu(kConnections, seed);
  std::vector<std::int64_t> typical(kConnections);
  for (std::int64_t& time : typical) {
    time = std::int64_t{100} << cpu.random() % 16;  // up to 3.3 ms
  }
  const auto service = [&](ConnectionIndex c) {
    if (c < kAlways) cpu.Arrive(c);
    return typical[c] / 2 +
           static_cast<std::int64_t>(cpu.random() %
                                     static_cast<std::uint64_t>(typical[c]));
  };
  const auto arrive = [&] {
    for (ConnectionIndex c = 0; c < kConnections; ++c) {
      const std::uint32_t waiting = cpu.records[c].queue.size();
      const bool always = c < kAlways;
      const bool single = c < kConnections * 3 / 4;
      if (always) {
        for (std::uint32_t i = waiting; i < 3; ++i) cpu.Arrive(c);
      } else if (single ? waiting == 0 : waiting < 4 && cpu.random() % 6 == 0) {
        cpu.Arrive(c);
      }
    }
  };
  const auto new_waits = [&] {
    for (ConnectionIndex c = 0; c < kConnections; ++c) {
      if (cpu.records[c].round == RoundState::kNew) return true;
    }
    return false;
  };
  do {
    arrive();
    cpu.Turn(service);
  } while (new_waits());
  const std::vector<std::int64_t> before = cpu.received;
  const auto received = [&](ConnectionIndex c) {
    return cpu.received[c] - before[c];
  };
  const std::int64_t largest = std::max(kQuantum, changed);
  for (int turn = 0; turn < 30'000; ++turn) {
    if (turn == 15'000 && changed > 0) cpu.ChangeQuantum(changed);
    arrive();
    ASSERT_NE(cpu.Turn(service), kNoConnection);
    for (ConnectionIndex i = 0; i < kConnections; ++i) {
      // One that comes and goes may have a debt paid in larger quanta.
      const std::int64_t more =
          i < kAlways
              ? 0
              : largest + (changed > kQuantum ? cpu.longest_packet[i] : 0);
      for (ConnectionIndex j = 0; j < kAlways; ++j) {
        ASSERT_LE(received(i), received(j) + largest + more +
                                   cpu.longest_packet[i] +
                                   cpu.longest_packet[j])
            << "turn " << turn << ": " << i << " against " << j;
      }
    }
  }
}

TEST(FairQueueProperty, NobodyGetsMoreThanTheShareWhileOthersWait) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    RunShares(seed);
    ASSERT_FALSE(::testing::Test::HasFatalFailure());
  }
}

TEST(FairQueueProperty, SharesStayEvenWhenTheQuantumChanges) {
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    for (const std::int64_t changed : {1'000, 20'000, 130'000, 5'000'000}) {
      SCOPED_TRACE(::testing::Message()
                   << "seed " << seed << ", to " << changed << " ns");
      RunShares(seed, changed);
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
  }
}

// One that always waits and starts without debt, among others that do.
TEST(FairQueueProperty, ShareIsAtMostFairShareAndAQuantumAndAPacket) {
  constexpr std::uint32_t kConnections = 12;
  for (std::uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    VirtualProcessor cpu(kConnections, seed);
    const auto once = [&](ConnectionIndex c) {
      return static_cast<std::int64_t>(1 + cpu.random() % (500U << c));
    };
    const auto service = [&](ConnectionIndex c) {
      cpu.Arrive(c);
      return once(c);
    };
    // Everybody has been served and has left, so nobody is new or owes.
    for (ConnectionIndex c = 0; c < kConnections; ++c) cpu.Arrive(c);
    while (cpu.Turn(once) != kNoConnection) {
    }
    for (ConnectionIndex c = 0; c < kConnections; ++c) cpu.Arrive(c);
    const std::int64_t start = cpu.now;
    const std::vector<std::int64_t> before = cpu.received;
    for (int turn = 0; turn < 20'000; ++turn) {
      cpu.Turn(service);
      for (ConnectionIndex c = 0; c < kConnections; ++c) {
        ASSERT_LE(
            cpu.received[c] - before[c],
            (cpu.now - start) / kConnections + kQuantum + cpu.longest_packet[c])
            << "turn " << turn << ": " << c;
      }
    }
  }
}

// Two connections that always wait beside a flood in which every packet is a
// connection of its own.
TEST(FairQueueProperty, AFloodOfNewConnectionsGetsAtMostHalf) {
  constexpr std::uint32_t kOld = 2;
  constexpr std::uint32_t kConnections = 1'000;
  constexpr std::int64_t kService = 1'000;
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    VirtualProcessor cpu(kConnections, seed);
    std::vector<ConnectionIndex> unused;
    for (ConnectionIndex c = kOld; c < kConnections; ++c) unused.push_back(c);
    std::int64_t flood = 0;
    std::int64_t old = 0;
    for (int turn = 0; turn < 50'000; ++turn) {
      for (ConnectionIndex c = 0; c < kOld; ++c) {
        while (cpu.records[c].queue.size() < 100) cpu.Arrive(c);
      }
      for (std::uint64_t n = cpu.random() % 5; n > 0 && !unused.empty(); --n) {
        cpu.Arrive(unused.back());
        unused.pop_back();
      }
      const std::int64_t before = cpu.now;
      const ConnectionIndex served =
          cpu.Turn([](ConnectionIndex) { return kService; });
      (served < kOld ? old : flood) += cpu.now - before;
      if (served >= kOld) {
        cpu.records.Renew(served);
        unused.push_back(served);
      }
      ASSERT_LE(flood, old + 2 * (kQuantum + kService)) << "turn " << turn;
    }
    // And it does get half: new connections are not put off either.
    EXPECT_GE(flood, old - 4 * kQuantum);
  }
}

// The same when each of them sends some packets, one after the other: coming
// back within the round in which it was new makes none of them a known one.
TEST(FairQueueProperty, AFloodOfShortConnectionsDoesNotStarveOldOnes) {
  VirtualProcessor cpu(/*connections=*/2, /*seed=*/1);
  std::int64_t old = 0;
  int sent = 0;
  for (int turn = 0; turn < 50'000; ++turn) {
    while (cpu.records[0].queue.size() < 60) cpu.Arrive(0);
    if (cpu.records[1].queue.empty()) {
      if (sent++ % 40 == 0) cpu.records.Renew(1);
      cpu.Arrive(1);
    }
    const std::int64_t before = cpu.now;
    if (cpu.Turn([](ConnectionIndex) { return 1'000; }) == 0) {
      old += cpu.now - before;
    }
  }
  EXPECT_GE(old, cpu.now / 3);
}

// However much the others offer, a packet of a connection that seldom sends
// waits for the turn under way and one more at most.
TEST(FairQueueProperty, ASparseConnectionWaitsForOneTurn) {
  constexpr std::uint32_t kConnections = 100;
  VirtualProcessor cpu(kConnections, 7);
  for (ConnectionIndex c = 1; c < kConnections; ++c) cpu.Arrive(c);
  for (int sent = 0; sent < 500; ++sent) {
    const auto keep_waiting = [&] {
      for (ConnectionIndex c = 1; c < kConnections; ++c) {
        while (cpu.records[c].queue.size() < 4) cpu.Arrive(c);
      }
    };
    const auto service = [](ConnectionIndex) { return std::int64_t{20'000}; };
    // At first long enough for all to have become old.
    for (int turn = 0; turn < (sent == 0 ? 1'000 : 200); ++turn) {
      keep_waiting();
      cpu.Turn(service);
    }
    keep_waiting();
    const std::int64_t start = cpu.now;
    cpu.Arrive(0);
    while (cpu.Turn(service) != 0) {
    }
    ASSERT_LE(cpu.now - start, kQuantum + 2 * 20'000) << "packet " << sent;
  }
}

}  // namespace
}  // namespace lb::dataplane
