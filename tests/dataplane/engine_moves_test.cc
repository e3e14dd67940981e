// Properties of moves under traffic: one owner per bucket at any instant,
// order kept per connection, nothing lost or doubled, timers exactly once.
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/engine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/moves_watch.h"
#include "tests/dataplane/random_moves.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kBuckets = 64;
constexpr std::uint16_t kProcessors = 4;

EngineOptions Options(MovesWatch& watch, bool live, std::uint64_t seed,
                      const std::atomic<std::uint64_t>& allowance) {
  EngineOptions options = SmallEngine(kBuckets, kProcessors);
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

class MovesUnderTraffic : public ::testing::TestWithParam<bool> {};

TEST_P(MovesUnderTraffic, KeepEveryPromise) {
  RandomMoves run({.seed = 20'261'122, .live = GetParam(), .moves = 2'000});
  run.Run();
}

TEST_P(MovesUnderTraffic, KeepEveryPromiseWhileProcessorsHangAndReturn) {
  RandomMoves run(
      {.seed = 20'261'125, .live = GetParam(), .moves = 1'500, .hangs = 6});
  run.Run();
  EXPECT_GT(run.takeovers(), 0u);
}

// Processors are fenced off in the midst of whatever they do.
TEST_P(MovesUnderTraffic, AddUpWhereverATakeoverComes) {
  RandomMoves run(
      {.seed = 20'261'127, .live = GetParam(), .moves = 1'000, .hasty = true});
  run.Run();
  EXPECT_GT(run.takeovers(), 0u);
  RecordProperty("takeovers", std::to_string(run.takeovers()));
}

INSTANTIATE_TEST_SUITE_P(Sources, MovesUnderTraffic, ::testing::Bool(),
                         [](const auto& test) {
                           return test.param ? "Live" : "Waiting";
                         });

// Nobody sends: dispatchers sleep, workers sleep, buckets move all the same,
// and they still work afterwards.
TEST(Moves, WorkOnAnIdleHost) {
  MovesWatch watch(kBuckets, kProcessors);
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
  MovesWatch unused(kBuckets, kProcessors);
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
  MovesWatch watch(kBuckets, kProcessors);
  std::atomic<std::uint64_t> allowance{100};
  auto engine = *Engine::Create(Options(watch, false, 5, allowance));
  engine->Start();
  const auto result = engine->Apply(engine->table());
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->moves.empty());
  EXPECT_EQ(result->table, ComputeDigest(engine->table()));
}

TEST(Moves, ATableForAnotherHostIsRefusedWhole) {
  MovesWatch watch(kBuckets, kProcessors);
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
