// What the data plane tells of connections.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/handlers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/moves_watch.h"
#include "tests/dataplane/random_moves.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::SizeIs;

constexpr std::uint32_t kBuckets = 64;
constexpr std::uint16_t kProcessors = 4;

class EngineFlows : public ::testing::Test {
 protected:
  // Runs until all packets are served.
  void Run(std::uint64_t packets, std::uint32_t connections) {
    EngineOptions options = SmallEngine(kBuckets, kProcessors);
    options.handler = [this](ProcessorId id) {
      return std::make_unique<WatchingHandler>(id, watch_);
    };
    options.sources.push_back(std::make_unique<FrameSource>(
        FrameSourceOptions{.packets = packets, .connections = connections}));
    engine_ = *Engine::Create(std::move(options));
    engine_->Start();
    ASSERT_TRUE(engine_->WaitUntilDone().ok());
  }

  MovesWatch watch_{kBuckets, kProcessors};
  std::unique_ptr<Engine> engine_;
};

TEST_F(EngineFlows, AreTracedInBothDirections) {
  Run(/*packets=*/10, /*connections=*/1);
  const FlowKey key = FrameSource::KeyOf(0);
  for (const FlowKey& direction : {key, Reversed(key)}) {
    const auto trace = engine_->Trace(direction);
    ASSERT_TRUE(trace.ok()) << trace.status();
    EXPECT_EQ(trace->bucket, BucketId(trace->hash % kBuckets));
    EXPECT_EQ(trace->processor, engine_->table().owner[trace->bucket.index()]);
    ASSERT_TRUE(trace->flow.has_value());
    EXPECT_EQ(trace->flow->key, Canonical(key));
    EXPECT_EQ(trace->flow->packets, 10u);
    EXPECT_EQ(trace->flow->bytes, 600u);
    EXPECT_EQ(trace->flow->queued_packets, 0u);
    EXPECT_GT(trace->flow->service.count(), 0);
    EXPECT_GE(trace->flow->idle.count(), 0);
  }
}

TEST_F(EngineFlows, OfNoPacketsHaveABucketAllTheSame) {
  Run(10, 1);
  const auto trace = engine_->Trace(FrameSource::KeyOf(1));
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_EQ(trace->processor, engine_->table().owner[trace->bucket.index()]);
  EXPECT_FALSE(trace->flow.has_value());
}

TEST_F(EngineFlows, HeaviestOfEveryBucketAreAllThereAre) {
  Run(5'000, 300);
  std::uint64_t packets = 0;
  std::size_t connections = 0;
  for (std::uint32_t b = 0; b < kBuckets; ++b) {
    const auto all = engine_->Heaviest(BucketId(b), Engine::kMaxHeaviest);
    ASSERT_TRUE(all.ok()) << all.status();
    for (std::size_t i = 0; i < all->size(); ++i) {
      const FlowInfo& flow = (*all)[i];
      packets += flow.packets;
      EXPECT_EQ(engine_->Trace(flow.key)->bucket, BucketId(b));
      EXPECT_EQ(engine_->Trace(flow.key)->flow->packets, flow.packets);
      if (i > 0) {
        EXPECT_GE((*all)[i - 1].service, flow.service);
      }
    }
    connections += all->size();
    const auto two = engine_->Heaviest(BucketId(b), 2);
    ASSERT_THAT(*two, SizeIs(std::min<std::size_t>(all->size(), 2)));
    for (std::size_t i = 0; i < two->size(); ++i) {
      EXPECT_EQ((*two)[i].service, (*all)[i].service);
    }
  }
  EXPECT_EQ(packets, 5'000u);
  EXPECT_EQ(connections, 300u);
}

TEST_F(EngineFlows, WhatIsNotThereIsRefused) {
  Run(1, 1);
  const std::vector<std::pair<std::uint32_t, std::size_t>> cases = {
      {kBuckets, 1}, {0, 0}, {0, Engine::kMaxHeaviest + 1}};
  for (const auto& [bucket, count] : cases) {
    EXPECT_TRUE(absl::IsInvalidArgument(
        engine_->Heaviest(BucketId(bucket), count).status()))
        << bucket << " " << count;
  }
}

TEST_F(EngineFlows, StopEndsWhoAsks) {
  Run(1, 1);
  engine_->Stop();
  EXPECT_TRUE(
      absl::IsCancelled(engine_->Trace(FrameSource::KeyOf(0)).status()));
  EXPECT_TRUE(absl::IsCancelled(engine_->Heaviest(BucketId(0), 1).status()));
}

// A walk of many slices: what comes in between is served, and nothing is told
// twice or left out.
TEST_F(EngineFlows, OfACrowdedBucketAreLookedAtInSlices) {
  constexpr std::uint32_t kConnections = 60'000;
  EngineOptions options = SmallEngine(kBuckets, 1);
  options.max_connections = 2 * kConnections;
  options.handler = *MakeHandlerFactory("count");
  std::atomic<bool> ended{false};
  options.sources.push_back(std::make_unique<FrameSource>(FrameSourceOptions{
      .packets = 1ULL << 40, .connections = kConnections, .ended = &ended}));
  const auto engine = *Engine::Create(std::move(options));
  engine->Start();
  while (engine->Sample().counters.served < 3 * kConnections) {
  }
  const std::uint64_t before = engine->Sample().counters.served;
  const auto told = engine->Heaviest(BucketId(7), Engine::kMaxHeaviest);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_GT(engine->Sample().counters.served, before);
  std::set<std::string> keys;
  for (const FlowInfo& flow : *told) keys.insert(FormatFlowKey(flow.key));
  EXPECT_THAT(keys, SizeIs(Engine::kMaxHeaviest));
  ended = true;
  EXPECT_TRUE(engine->WaitUntilDone().ok());
}

TEST(Flows, AreToldWhileBucketsMove) {
  RandomMoves run({.seed = 20'261'130, .moves = 1'000, .asked = true});
  run.Run();
  EXPECT_GT(run.answers(), 0u);
}

TEST(Flows, AreToldWhileProcessorsHangAndReturn) {
  RandomMoves run(
      {.seed = 20'261'131, .moves = 1'000, .hangs = 4, .asked = true});
  run.Run();
  EXPECT_GT(run.answers(), 0u);
}

// Owners are fenced off in the midst of looking.
TEST(Flows, AreToldWhereverATakeoverComes) {
  RandomMoves run(
      {.seed = 20'261'132, .moves = 1'000, .hasty = true, .asked = true});
  run.Run();
  EXPECT_GT(run.takeovers(), 0u);
  EXPECT_GT(run.answers(), 0u);
}

}  // namespace
}  // namespace lb::dataplane
