// Properties of moves under traffic: one owner per bucket at any instant,
// order kept per connection, nothing lost or doubled, timers exactly once.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/engine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kBuckets = 64;
constexpr std::uint32_t kProcessors = 4;

// Notes what must never happen.
struct Watch {
  std::array<std::atomic<int>, kBuckets> holder{};  // processor in the bucket
  std::atomic<std::uint64_t> two_owners{0};
  std::atomic<std::uint64_t> out_of_order{0};
};

class WatchingHandler final : public PacketHandler {
 public:
  WatchingHandler(ProcessorId id, Watch& watch)
      : id_(id.value() + 1), watch_(watch) {}

  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext&) override {
    auto& holder = watch_.holder[packet.hash % kBuckets];
    if (holder.exchange(id_) != 0) ++watch_.two_owners;
    // Our own check, apart from the engine's: one past the last sequence
    // number of each of two dispatchers.
    std::uint64_t& next = connection.handler_state[packet.dispatcher];
    if (packet.sequence < next) ++watch_.out_of_order;
    next = std::uint64_t{packet.sequence} + 1;
    if (holder.exchange(0) != id_) ++watch_.two_owners;
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }

 private:
  const int id_;
  Watch& watch_;
};

EngineOptions Options(Watch& watch, bool live, std::uint64_t seed,
                      const std::atomic<std::uint64_t>& allowance) {
  EngineOptions options;
  options.buckets = kBuckets;
  options.key.assign(16, 7);
  options.processors.assign(kProcessors, {0, 1'000});
  options.pin = false;
  options.pool_packets = 1'024;
  options.ring_packets = 64;
  options.max_connections = 10'000;
  options.handler = [&watch](ProcessorId id) {
    return std::make_unique<WatchingHandler>(id, watch);
  };
  for (std::uint64_t d = 0; d < 2; ++d) {
    options.sources.push_back(std::make_unique<FrameSource>(
        FrameSourceOptions{.packets = 1ULL << 40,
                           .connections = 300,
                           .seed = seed + d,
                           .live = live,
                           .allowance = &allowance}));
  }
  return options;
}

Table RandomTable(Table table, std::mt19937_64& random) {
  for (ProcessorId& owner : table.owner) {
    if (random() % 4 == 0) {
      owner = ProcessorId(static_cast<std::uint16_t>(random() % kProcessors));
    }
  }
  return table;
}

class MovesUnderTraffic : public ::testing::TestWithParam<bool> {};

TEST_P(MovesUnderTraffic, KeepEveryPromise) {
  constexpr std::uint64_t kSeed = 20'261'122;
  constexpr int kPlans = 200;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  Watch watch;
  std::atomic<std::uint64_t> allowance{1ULL << 40};
  auto engine = *Engine::Create(Options(watch, GetParam(), kSeed, allowance));
  engine->Start();
  std::uint64_t moves = 0;
  for (int i = 0; i < kPlans; ++i) {
    const Table base = engine->table();
    const Table next = RandomTable(base, random);
    const auto result = engine->Apply(next);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->table, ComputeDigest(next));
    ASSERT_EQ(result->moves.size(), DeriveMoves(base, next).size());
    for (const MoveResult& move : result->moves) {
      EXPECT_EQ(move.outcome, MoveOutcome::kMoved);
      EXPECT_GE(move.pause.count(), 0);
    }
    moves += result->moves.size();
    if (i % 10 == 0) {
      const LoadSample sample = engine->Sample();
      EXPECT_EQ(sample.counters.lost, 0u) << "after plan " << i;
      EXPECT_EQ(sample.table_start, sample.table_end);
    }
  }
  allowance = 0;
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_GT(moves, 1'000u);
  EXPECT_GT(counters.served, 0u);
  EXPECT_EQ(counters.lost, 0u);
  EXPECT_EQ(counters.reordered, 0u);
  EXPECT_EQ(counters.duplicated, 0u);
  EXPECT_EQ(watch.two_owners.load(), 0u);
  EXPECT_EQ(watch.out_of_order.load(), 0u);
  if (!GetParam()) {
    EXPECT_EQ(counters.drop(DropReason::kHoldFull) +
                  counters.drop(DropReason::kQueueFull),
              0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, MovesUnderTraffic, ::testing::Bool(),
                         [](const auto& test) {
                           return test.param ? "Live" : "Waiting";
                         });

// Nobody sends: dispatchers sleep, workers sleep, buckets move all the same,
// and they still work afterwards.
TEST(Moves, WorkOnAnIdleHost) {
  Watch watch;
  std::atomic<std::uint64_t> allowance{0};
  auto engine = *Engine::Create(Options(watch, false, 5, allowance));
  engine->Start();
  Table next = engine->table();
  for (ProcessorId& owner : next.owner) owner = ProcessorId(3);
  const auto result = engine->Apply(next);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->moves.size(), kBuckets * 3 / 4);
  allowance = 1'000;
  LoadSample sample = engine->Sample();
  std::uint64_t by_others = 0;
  while (sample.counters.served < 2'000) {
    sample = engine->Sample();
    for (std::size_t p = 0; p < 3; ++p)
      by_others += sample.processors[p].packets;
  }
  engine->Stop();
  EXPECT_EQ(by_others, 0u);
  EXPECT_EQ(engine->Summary().processors[3].packets, 2'000u);
}

// Takes 200 us of CPU for every packet and counts them.
class SlowHandler final : public PacketHandler {
 public:
  explicit SlowHandler(std::atomic<int>& served) : served_(served) {}
  Verdict OnPacket(Connection&, Packet&, PacketContext&) override {
    burner_.Burn();
    ++served_;
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }

 private:
  const CpuBurner burner_{std::chrono::microseconds(200)};
  std::atomic<int>& served_;
};

// That would take as long as its queue is, just where relief is wanted most.
TEST(Moves, ASaturatedOwnerNeedNotServeItsBacklogFirst) {
  Watch unused;
  std::atomic<std::uint64_t> allowance{1ULL << 40};
  EngineOptions options = Options(unused, /*live=*/false, 1, allowance);
  options.processors.assign(2, {0, 1'000});
  options.pool_packets = 4'096;
  std::array<std::atomic<int>, 2> served{};
  options.handler = [&](ProcessorId id) {
    return std::make_unique<SlowHandler>(served[id.index()]);
  };
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  constexpr int kBacklog = 900;
  while (engine->Sample().processors[0].backlog_packets < kBacklog) {
  }
  Table next = engine->table();
  next.owner[0] = ProcessorId(1);
  const int before = served[0].load();
  const auto result = engine->Apply(next);
  const int during = served[0].load() - before;
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->moves.at(0).outcome, MoveOutcome::kMoved);
  // What lies in the rings before the fence, and what a busy machine's threads
  // take to get there; serving the backlog first would take all of it.
  EXPECT_LT(during, kBacklog / 2);
  engine->Stop();
}

TEST(Moves, AnUnchangedTableMovesNothing) {
  Watch watch;
  std::atomic<std::uint64_t> allowance{100};
  auto engine = *Engine::Create(Options(watch, false, 5, allowance));
  engine->Start();
  const auto result = engine->Apply(engine->table());
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->moves.empty());
  EXPECT_EQ(result->table, ComputeDigest(engine->table()));
}

TEST(Moves, ATableForAnotherHostIsRefusedWhole) {
  Watch watch;
  std::atomic<std::uint64_t> allowance{100};
  auto engine = *Engine::Create(Options(watch, false, 5, allowance));
  engine->Start();
  const Table before = engine->table();
  Table next = before;
  next.owner[3] = ProcessorId(9);
  const auto result = engine->Apply(next);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()),
              HasSubstr("bucket 3 to processor 9"));
  EXPECT_EQ(engine->table(), before);
}

}  // namespace
}  // namespace lb::dataplane
