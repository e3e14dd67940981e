// Random plans under traffic, with processors that hang and return, and what
// must hold whatever happens.
#ifndef LB_TESTS_DATAPLANE_RANDOM_MOVES_H_
#define LB_TESTS_DATAPLANE_RANDOM_MOVES_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/dataplane/moves_watch.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {

struct RandomMovesOptions {
  std::uint64_t seed = 1;
  bool live = false;
  std::uint64_t moves = 0;  // to be made, taken over or not
  std::uint64_t hangs = 0;  // spread over them
  // Shorter than a batch: whoever is busy may be taken over, at any point. What
  // it has in its hands it then serves beside the new owner.
  bool hasty = false;
  // Somebody asks for connections all the while.
  bool asked = false;
};

class RandomMoves {
 public:
  static constexpr std::uint32_t kBuckets = 64;
  static constexpr std::uint16_t kProcessors = 4;
  static constexpr std::uint64_t kDispatchers = 2;
  static constexpr std::uint32_t kConnections = 600;

  explicit RandomMoves(const RandomMovesOptions& options)
      : options_(options), random_(options.seed) {
    EngineOptions engine = SmallEngine(kBuckets, kProcessors);
    // Short, so that timers fire in the midst of moves.
    engine.idle_timeout = std::chrono::milliseconds(5);
    if (options.hasty) engine.stall_limit = std::chrono::microseconds(20);
    engine.handler = [this](ProcessorId id) {
      return std::make_unique<WatchingHandler>(id, watch_);
    };
    for (std::uint64_t d = 0; d < kDispatchers; ++d) {
      engine.sources.push_back(std::make_unique<FrameSource>(
          FrameSourceOptions{.packets = 1ULL << 40,
                             .connections = kConnections,
                             .seed = options.seed + d,
                             .live = options.live,
                             .ended = &ended_}));
    }
    engine_ = *Engine::Create(std::move(engine));
    engine_->Start();
  }
  RandomMoves(const RandomMoves&) = delete;
  RandomMoves& operator=(const RandomMoves&) = delete;

  void Run() {
    SCOPED_TRACE(::testing::Message() << "seed " << options_.seed);
    std::thread asker([this] { AskUntilDone(); });
    for (int plan = 0; moves_ < options_.moves; ++plan) {
      HangAndReturn();
      for (int i = 0; options_.hasty && i < 20; ++i) {
        if (engine_->TakeOverStalled()) break;
      }
      Plan();
      if (plan % 10 != 0) continue;
      const LoadSample sample = engine_->Sample();
      takeovers_ += sample.takeovers.size();
      EXPECT_EQ(sample.counters.lost, 0u) << "after plan " << plan;
    }
    done_ = true;
    // Where all hang, nobody answers.
    for (Hang& hang : watch_.hangs) hang.Open();
    asker.join();
    End();
  }

  std::uint64_t takeovers() const { return takeovers_; }
  std::uint64_t answers() const { return answers_; }

 private:
  // The query thread.
  void AskUntilDone() {
    std::mt19937_64 random(options_.seed);
    while (options_.asked && !done_) {
      const FlowKey key = FrameSource::KeyOf(
          static_cast<std::uint32_t>(random() % kConnections));
      const auto trace = engine_->Trace(key);
      ASSERT_TRUE(trace.ok()) << trace.status();
      EXPECT_EQ(trace->bucket, BucketId(trace->hash % kBuckets));
      if (trace->flow) {
        EXPECT_EQ(trace->flow->key, Canonical(key));
      }
      const auto heaviest = engine_->Heaviest(trace->bucket, 5);
      ASSERT_TRUE(heaviest.ok()) << heaviest.status();
      EXPECT_LE(heaviest->size(), 5u);
      ++answers_;
    }
  }

  // Arms the next hang when its time has come; each lasts for some plans, and
  // two at most at a time.
  void HangAndReturn() {
    std::erase_if(hung_, [this](auto& hung) {
      if (hung.plans_left-- > 0) return false;
      watch_.hangs[hung.processor].Open();
      return true;
    });
    if (hangs_ == options_.hangs || hung_.size() == 2 ||
        moves_ < hangs_ * options_.moves / options_.hangs) {
      return;
    }
    const std::size_t p = random_() % kProcessors;
    for (const Hung& hung : hung_) {
      if (hung.processor == p) return;
    }
    ++hangs_;
    watch_.hangs[p].Arm(random_() % 3 == 0 ? Hang::kInTimer : Hang::kInPacket);
    hung_.push_back({p, static_cast<int>(random_() % 12)});
  }

  void Plan() {
    const Table base = engine_->table();
    Table next = base;
    for (ProcessorId& owner : next.owner) {
      if (random_() % 4 != 0) continue;
      owner = ProcessorId(static_cast<std::uint16_t>(random_() % kProcessors));
    }
    const auto result = engine_->Apply(next);
    if (!result.ok()) {
      // Somebody hangs, or the machine starved somebody.
      EXPECT_TRUE(absl::IsAborted(result.status()) ||
                  absl::IsFailedPrecondition(result.status()))
          << result.status();
      return;
    }
    EXPECT_EQ(result->table, ComputeDigest(engine_->table()));
    EXPECT_EQ(result->moves.size(), DeriveMoves(base, next).size());
    moves_ += result->moves.size();
  }

  void End() {
    for (Hang& hang : watch_.hangs) hang.Open();
    ended_ = true;
    EXPECT_TRUE(engine_->WaitUntilDone().ok());
    // Everything comes back, and all connections end, each by its timer.
    for (bool settled = false; !settled;) {
      const LoadSample sample = engine_->Sample();
      takeovers_ += sample.takeovers.size();
      const Counters& c = sample.counters;
      settled = c.arrived == c.served + c.dropped_total();
      for (const ProcessorLoad& p : sample.processors) {
        settled = settled && p.in_service;
      }
    }
    // With takeovers, some end without.
    while (takeovers_ == 0 && watch_.timers_fired < watch_.connections) {
      engine_->Sample();
    }
    engine_->Stop();
    const EngineSummary summary = engine_->Summary();
    const Counters& c = summary.counters;
    EXPECT_GT(c.served, 0u);
    EXPECT_EQ(c.lost + c.reordered + c.duplicated, 0u);
    EXPECT_EQ(c.arrived, c.served + c.dropped_total());
    if (!options_.live) {
      EXPECT_EQ(c.dropped_total(), c.drop(DropReason::kTakeover));
    }
    EXPECT_EQ(summary.packets_leaked, 0u);
    EXPECT_EQ(summary.connections_leaked, 0u);
    if (!options_.hasty) {
      EXPECT_EQ(watch_.two_owners, 0u);
      EXPECT_EQ(watch_.out_of_order, 0u);
      EXPECT_GT(watch_.timers_fired, 0u);
    }
    EXPECT_EQ(watch_.timers_doubled, 0u);
    EXPECT_EQ(summary.connections, watch_.timers_fired +
                                       summary.connections_taken_over +
                                       summary.connections_open);
    if (takeovers_ == 0 && !options_.live) {
      EXPECT_EQ(summary.connections, watch_.timers_fired);
    }
  }

  struct Hung {
    std::size_t processor;
    int plans_left;
  };

  const RandomMovesOptions options_;
  std::mt19937_64 random_;
  MovesWatch watch_{kBuckets, kProcessors};
  std::atomic<bool> ended_{false};
  std::atomic<bool> done_{false};
  std::uint64_t answers_ = 0;  // the query thread's
  std::unique_ptr<Engine> engine_;
  std::vector<Hung> hung_;
  std::uint64_t hangs_ = 0;
  std::uint64_t moves_ = 0;
  std::uint64_t takeovers_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_RANDOM_MOVES_H_
