#include "sim/host.h"

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sim/random.h"
#include "tests/sim/host_fixture.h"

namespace lb::sim {
namespace {

constexpr std::int64_t kUs = 1'000;
constexpr std::int64_t kMs = 1'000'000;

Table With(Table table, std::uint32_t bucket, std::uint16_t owner) {
  table.owner[bucket] = ProcessorId(owner);
  return table;
}

class HostTest : public ::testing::TestWithParam<QueueKind> {
 protected:
  HostTest() : host_(SmallScenario(GetParam()), 64, 1) {
    for (std::uint32_t b = 0; b < 64; ++b) {
      connections_.push_back(host_.state().connections.Open(BucketId(b)));
    }
  }

  void Arrive(std::uint32_t bucket, std::int64_t now_ns) {
    host_.Arrive({now_ns, connections_[bucket], 100'000});
  }
  const PacketCounts& counts() { return host_.state().ledger.counts(); }

  Host host_;
  std::vector<ConnectionIndex> connections_;
};

TEST_P(HostTest, ReportsLoadsOfBuckets) {
  Arrive(3, 0);
  Arrive(3, 50 * kMs);
  Arrive(4, 60 * kMs);
  const std::optional<LoadSample> sample = host_.Report(100 * kMs);
  ASSERT_TRUE(sample.has_value());
  ASSERT_EQ(sample->buckets.size(), 2U);
  EXPECT_EQ(sample->buckets[0].bucket, BucketId(3));
  EXPECT_EQ(sample->buckets[0].load_ns_per_s, 2'000'000U);
  EXPECT_EQ(sample->buckets[0].packets, 2U);
  EXPECT_EQ(sample->buckets[0].connections, 1U);
  EXPECT_EQ(sample->processors[1].busy.count(), 200 * kUs);
  EXPECT_EQ(sample->table_end, ComputeDigest(host_.table()));
  EXPECT_FALSE(host_.Report(100 * kMs).has_value());
}

// Dropped packets are offered load, too.
TEST_P(HostTest, ReportsWhatASaturatedProcessorIsOffered) {
  for (int i = 0; i < 4'000; ++i) Arrive(2, i * 50 * kUs);
  const std::optional<LoadSample> sample = host_.Report(200 * kMs);
  EXPECT_GT(counts().dropped_total(), 1'900U);
  EXPECT_EQ(sample->buckets[0].load_ns_per_s, 2'000'000'000U);
  EXPECT_NEAR(sample->processors[0].samples.mean, 1, 1e-9);
}

TEST_P(HostTest, AMoveHoldsWhatArrivesAndKeepsTheOrder) {
  for (int i = 0; i < 4; ++i) Arrive(0, i);
  const std::int64_t done = host_.Apply(With(host_.table(), 0, 1), 10);
  EXPECT_EQ(done, kMs + 10);
  EXPECT_TRUE(host_.moving());
  for (int i = 0; i < 4; ++i) Arrive(0, 20 + i);
  host_.AdvanceTo(done);
  EXPECT_EQ(counts().served, 1U);  // what was being served
  EXPECT_EQ(host_.queued(), 7U);
  host_.FinishMoves(done);
  EXPECT_FALSE(host_.moving());
  host_.AdvanceTo(done + 700 * kUs);
  EXPECT_EQ(counts().served, 8U);
  EXPECT_EQ(counts().reordered, 0U);
  // By processor 1.
  EXPECT_EQ(host_.Report(done + kMs)->processors[1].packets, 7U);
}

TEST_P(HostTest, AMoveWaitsForThePacketBeingServed) {
  host_.SetSpeed(ProcessorId(0), 10, 0);
  Arrive(0, 0);
  EXPECT_EQ(host_.Apply(With(host_.table(), 0, 1), 1), 10 * kMs);
}

TEST_P(HostTest, HoldingIsBounded) {
  const std::int64_t done = host_.Apply(With(host_.table(), 0, 1), 0);
  for (int i = 0; i < 12; ++i) Arrive(0, 10);
  EXPECT_EQ(counts().dropped[static_cast<int>(DropReason::kHoldFull)], 2U);
  host_.FinishMoves(done);
}

TEST_P(HostTest, AFailedProcessorIsTakenOver) {
  for (std::uint32_t b = 0; b < 8; ++b) Arrive(b, 0);
  host_.Fail(ProcessorId(0), 10);
  EXPECT_TRUE(host_.TakeOver(ProcessorId(0), kMs));
  EXPECT_EQ(counts().served, 4U);  // by the other
  EXPECT_EQ(counts().dropped[static_cast<int>(DropReason::kTakeover)], 4U);
  for (const ProcessorId owner : host_.table().owner) {
    EXPECT_EQ(owner, ProcessorId(1));
  }
  const std::optional<LoadSample> sample = host_.Report(2 * kMs);
  EXPECT_TRUE(sample->processors[0].stalled);
  EXPECT_FALSE(sample->processors[0].in_service);
  host_.Return(ProcessorId(0), 3 * kMs);
  EXPECT_TRUE(host_.Report(4 * kMs)->processors[0].in_service);
}

TEST_P(HostTest, WhoIsBackInTimeIsNotTakenOver) {
  host_.Fail(ProcessorId(0), 10);
  host_.Return(ProcessorId(0), 20);
  EXPECT_FALSE(host_.TakeOver(ProcessorId(0), kMs));
}

// arrived = served + dropped + queued at any time, and no connection's packets
// change places, whatever happens.
TEST_P(HostTest, NothingIsLostOrReordered) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Scenario scenario = SmallScenario(GetParam());
    scenario.processors = 4;
    Host host(scenario, 200, seed);
    std::vector<ConnectionIndex> open;
    for (int i = 0; i < 200; ++i) {
      open.push_back(host.state().connections.Open(
          BucketId(static_cast<std::uint32_t>(random.Below(64)))));
    }
    std::int64_t now = 0;
    std::int64_t moves_done = 0;
    for (int step = 0; step < 5'000; ++step) {
      now += static_cast<std::int64_t>(random.Below(50'000));
      while (host.moving() && now >= moves_done) {
        moves_done = host.FinishMoves(moves_done);
      }
      const ProcessorId some(static_cast<std::uint16_t>(random.Below(4)));
      const std::uint64_t what = random.Below(1'000);
      if (what < 5 && !host.moving()) {
        Table next = host.table();
        for (int i = 0; i < 8; ++i) next.owner[random.Below(64)] = some;
        moves_done = host.Apply(next, now);
      } else if (what < 7) {
        host.Fail(some, now);
      } else if (what < 9) {
        host.TakeOver(some, now);
      } else if (what < 14) {
        host.Return(some, now);
      } else if (what < 18) {
        host.SetSpeed(some, 1 + static_cast<std::uint32_t>(random.Below(1'000)),
                      now);
      } else if (what < 60) {
        ConnectionIndex& connection = open[random.Below(200)];
        host.state().connections.Close(connection);
        connection = host.state().connections.Open(
            BucketId(static_cast<std::uint32_t>(random.Below(64))));
      } else if (what < 70) {
        host.Report(now);
      } else {
        host.Arrive({now, open[random.Below(200)], 100'000});
      }
      ASSERT_EQ(Unaccounted(host), host.queued());
    }
    while (host.moving()) {
      moves_done = host.FinishMoves(moves_done);
      now = std::max(now, moves_done);
    }
    for (std::uint16_t p = 0; p < 4; ++p) {
      host.Return(ProcessorId(p), now);
      host.SetSpeed(ProcessorId(p), 1'000, now);
    }
    host.AdvanceTo(now + 1'000 * kMs);
    EXPECT_EQ(host.queued(), 0U);
    EXPECT_EQ(Unaccounted(host), 0U);
    EXPECT_EQ(host.state().ledger.counts().reordered, 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Queues, HostTest,
                         ::testing::Values(QueueKind::kFair, QueueKind::kFifo),
                         [](const auto& queue) {
                           return std::string(QueueName(queue.param));
                         });

}  // namespace
}  // namespace lb::sim
