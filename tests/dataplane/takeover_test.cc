// Takeovers: handlers hang at a gate in the midst of traffic. A second has to
// pass for each before its processor counts as stalled. Where the machine
// itself keeps a thread from running for a second, that is a stall as well;
// then only what must always hold is checked, and the rest is skipped.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/fake_sink.h"
#include "tests/dataplane/moves_watch.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;
using Ids = std::vector<std::uint16_t>;  // of processors

constexpr std::uint32_t kBuckets = 64;
constexpr std::uint16_t kProcessors = 4;
constexpr std::uint32_t kSources = 2;
constexpr const char* kStarved = "the machine starved another processor";

class Gate {
 public:
  // Returns when somebody waits at it.
  void Close() {
    closed_ = true;
    waiting_.wait(false);
  }
  void Open() {
    closed_ = false;
    closed_.notify_all();
  }
  void Wait() {
    if (!closed_) return;
    waiting_ = true;
    waiting_.notify_all();
    closed_.wait(true);
    waiting_ = false;
  }

 private:
  std::atomic<bool> closed_{false};
  std::atomic<bool> waiting_{false};
};

// Receives nothing, and does not return, while the gate is closed.
class GatedSource final : public PacketSource {
 public:
  GatedSource(const FrameSourceOptions& options, Gate& gate)
      : frames_(options), gate_(gate) {}
  std::size_t Receive(std::span<Packet* const> packets) override {
    gate_.Wait();
    return frames_.Receive(packets);
  }
  bool exhausted() const override { return frames_.exhausted(); }
  absl::Status status() const override { return frames_.status(); }
  bool live() const override { return frames_.live(); }
  std::uint64_t dropped() const override { return frames_.dropped(); }
  void Wait(std::chrono::nanoseconds limit) override { frames_.Wait(limit); }

 private:
  FrameSource frames_;
  Gate& gate_;
};

class TakeoverTest : public ::testing::TestWithParam<bool> {
 protected:
  void Start(std::chrono::milliseconds idle_timeout = std::chrono::minutes(1)) {
    EngineOptions options = SmallEngine(kBuckets, kProcessors);
    options.idle_timeout = idle_timeout;
    options.handler = [this](ProcessorId id) {
      return std::make_unique<WatchingHandler>(id, watch_, Verdict::kSend);
    };
    for (std::uint64_t d = 0; d < kSources; ++d) {
      options.sources.push_back(std::make_unique<GatedSource>(
          FrameSourceOptions{.packets = 1ULL << 40,
                             .connections = 300,
                             .seed = 11 + d,
                             .live = GetParam(),
                             .allowance = &allowance_},
          gates_[d]));
    }
    options.sinks.push_back(
        std::make_unique<FakeSink>([this](const Packet& packet) {
          watch_.sent.Note(packet, watch_.sent_out_of_order);
          return true;
        }));
    engine_ = *Engine::Create(std::move(options));
    engine_->Start();
  }

  // Samples until the condition holds; returns that sample.
  LoadSample Until(const std::function<bool(const LoadSample&)>& condition) {
    for (;;) {
      LoadSample sample = engine_->Sample();
      EXPECT_EQ(sample.counters.lost, 0u);
      takeovers_.insert(takeovers_.end(), sample.takeovers.begin(),
                        sample.takeovers.end());
      if (condition(sample)) return sample;
      std::this_thread::yield();
    }
  }

  // Lets every source send `packets` more, and waits until all that has
  // arrived was served or dropped.
  Counters Send(std::uint64_t packets) {
    allowance_ += packets;
    return Until([this](const LoadSample& sample) {
             const Counters& c = sample.counters;
             return c.arrived == kSources * allowance_ &&
                    c.arrived == c.served + c.dropped_total();
           })
        .counters;
  }

  // Hangs the processor in the midst of traffic, without waiting for more than
  // that it hangs.
  void HangUp(std::uint16_t p, Hang::Where where = Hang::kInPacket) {
    HangUp(Ids{p}, where);
  }
  // All are armed first: dispatchers that can wait may get no farther than to
  // the ring of the one that hangs first.
  void HangUp(const Ids& processors, Hang::Where where = Hang::kInPacket) {
    for (const std::uint16_t p : processors) Arm(p, where);
    allowance_ += 2'000;
    for (const std::uint16_t p : processors) {
      watch_.hangs[p].WaitUntilHanging();
    }
  }
  void Arm(std::uint16_t p, Hang::Where where) {
    hung_.insert(p);
    watch_.hangs[p].Arm(where);
  }

  // Until the processors are out of service. False if the machine starved
  // another meanwhile.
  bool AwaitTakeover(const Ids& processors) {
    for (const std::uint16_t p : processors) {
      Until([p](const LoadSample& s) { return !s.processors[p].in_service; });
    }
    return !Starved();
  }
  bool Starved() const {
    return std::any_of(takeovers_.begin(), takeovers_.end(),
                       [this](const Takeover& t) {
                         return !hung_.contains(t.processor.value());
                       });
  }

  std::size_t BucketsOf(std::uint16_t p) const {
    const Table table = engine_->table();
    return static_cast<std::size_t>(
        std::count(table.owner.begin(), table.owner.end(), ProcessorId(p)));
  }

  Table WithBucketsOn(std::uint16_t p) const {
    Table table = engine_->table();
    for (std::size_t b = p; b < table.owner.size(); b += kProcessors) {
      table.owner[b] = ProcessorId(p);
    }
    return table;
  }

  void OpenAndAwait(std::uint16_t p) {
    watch_.hangs[p].Open();
    Until([p](const LoadSample& s) { return s.processors[p].in_service; });
  }

  // Gives every processor its buckets back, and everything works as before.
  void WorksAsBefore() {
    Table dealt = DealRoundRobin(engine_->layout());
    const auto result = engine_->Apply(dealt);
    const Counters before = engine_->Sample().counters;
    const Counters after = Send(3'000);
    if (Starved()) GTEST_SKIP() << kStarved;
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->table, ComputeDigest(dealt));
    for (const MoveResult& move : result->moves) {
      EXPECT_EQ(move.outcome, MoveOutcome::kMoved);
    }
    EXPECT_EQ(after.drop(DropReason::kTakeover),
              before.drop(DropReason::kTakeover));
    EXPECT_GT(after.served, before.served);
  }

  // Ends the run; what must hold at the end of any.
  void TearDown() override {
    for (Hang& hang : watch_.hangs) hang.Open();
    for (Gate& gate : gates_) gate.Open();
    engine_->Stop();
    const EngineSummary summary = engine_->Summary();
    const Counters& c = summary.counters;
    EXPECT_EQ(c.lost + c.reordered + c.duplicated, 0u);
    EXPECT_EQ(c.arrived, c.served + c.dropped_total() + c.queued);
    EXPECT_EQ(summary.packets_leaked, 0u);
    EXPECT_EQ(summary.connections_leaked, 0u);
    EXPECT_EQ(watch_.two_owners, 0u);
    EXPECT_EQ(watch_.out_of_order, 0u);
    // What a handler returned with after the takeover was not sent.
    EXPECT_EQ(watch_.sent_out_of_order, 0u);
    EXPECT_GT(c.sent, 0u);
    EXPECT_LE(c.sent, c.served);
    EXPECT_GE(c.sent + c.unsent_total(), c.served);
    EXPECT_EQ(watch_.timers_doubled, 0u);
    EXPECT_EQ(summary.connections, watch_.timers_fired +
                                       summary.connections_taken_over +
                                       summary.connections_open);
    // Nothing else costs packets where sources can wait, but that a dispatcher
    // that waits for room drops its batch when it is stopped.
    if (!GetParam()) {
      EXPECT_LE(c.dropped_total(),
                c.drop(DropReason::kTakeover) + kSources * Dispatcher::kBatch);
    }
  }

  MovesWatch watch_{kBuckets, kProcessors};
  std::atomic<std::uint64_t> allowance_{0};
  std::array<Gate, kSources> gates_;  // by source
  std::unique_ptr<Engine> engine_;
  std::vector<Takeover> takeovers_;
  std::set<std::uint16_t> hung_;
};

INSTANTIATE_TEST_SUITE_P(Sources, TakeoverTest, ::testing::Bool(),
                         [](const auto& test) {
                           return test.param ? "Live" : "Waiting";
                         });

TEST_P(TakeoverTest, BucketsOfAHungProcessorAreServedElsewhere) {
  Start();
  Send(2'000);
  const std::size_t buckets = BucketsOf(1);
  HangUp(1);
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  EXPECT_EQ(BucketsOf(1), 0u);
  for (const std::uint16_t p : Ids{0, 2, 3}) {
    EXPECT_GE(BucketsOf(p), buckets + buckets / 3) << p;
  }
  ASSERT_EQ(takeovers_.size(), 1u);
  EXPECT_EQ(takeovers_[0].buckets, buckets);
  EXPECT_GT(takeovers_[0].packets, 0u);
  EXPECT_GT(takeovers_[0].connections, 0u);
  const LoadSample sample = engine_->Sample();
  for (std::uint16_t p = 0; p < kProcessors; ++p) {
    EXPECT_EQ(sample.processors[p].stalled, p == 1) << p;
    EXPECT_EQ(sample.processors[p].in_service, p != 1) << p;
  }

  // All sums hold while it hangs, and again when it is back.
  const Counters hung = Send(3'000);
  EXPECT_GE(hung.drop(DropReason::kTakeover), takeovers_[0].packets);
  EXPECT_TRUE(watch_.hangs[1].hanging());
  EXPECT_FALSE(engine_->Apply(WithBucketsOn(1)).ok());
  OpenAndAwait(1);
  const Counters back = Send(0);
  if (Starved()) GTEST_SKIP() << kStarved;
  EXPECT_EQ(BucketsOf(1), 0u);
  EXPECT_EQ(back.served, hung.served);
  EXPECT_EQ(back.drop(DropReason::kTakeover), hung.drop(DropReason::kTakeover));
  WorksAsBefore();
  engine_->Stop();
  // A batch that hung may have made further ones.
  EXPECT_GE(engine_->Summary().connections_taken_over,
            takeovers_[0].connections);
  EXPECT_EQ(engine_->Summary().connections_taken_over,
            engine_->Summary().timers_taken_over);
}

// Each round fits its buffers.
TEST_P(TakeoverTest, AProcessorComesBackWithTheLimitsSetMeanwhile) {
  Start();
  Send(2'000);
  HangUp(1);
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  engine_->SetFairQueue({.packets = 1});
  OpenAndAwait(1);
  Table table = engine_->table();
  table.owner.assign(table.owner.size(), ProcessorId(1));
  const auto moved = engine_->Apply(table);
  const Counters before = Send(0);
  Counters after;
  for (int round = 0; round < 20; ++round) after = Send(20);
  if (Starved()) GTEST_SKIP() << kStarved;
  ASSERT_TRUE(moved.ok()) << moved.status();
  EXPECT_EQ(
      after.drop(DropReason::kQueueFull) > before.drop(DropReason::kQueueFull),
      GetParam());
}

TEST_P(TakeoverTest, ADrainedProcessorIsNoHeir) {
  Start();
  Send(2'000);
  const std::size_t buckets = BucketsOf(2);
  engine_->SetDrained(std::vector{ProcessorId(2)});
  HangUp(1);
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  EXPECT_EQ(BucketsOf(1), 0u);
  EXPECT_EQ(BucketsOf(2), buckets);
  EXPECT_TRUE(engine_->Sample().processors[2].in_service);
  OpenAndAwait(1);
  engine_->SetDrained({});
  WorksAsBefore();
}

TEST_P(TakeoverTest, WhoAsksAHungProcessorIsAnsweredByItsHeir) {
  Start();
  Send(2'000);
  std::uint32_t client = 0;
  while (engine_->Trace(FrameSource::KeyOf(client))->processor.value() != 1) {
    ++client;
  }
  HangUp(1);
  absl::StatusOr<FlowTrace> trace;
  std::thread asker(
      [&] { trace = engine_->Trace(FrameSource::KeyOf(client)); });
  const bool taken_over = AwaitTakeover({1});
  asker.join();
  if (!taken_over) GTEST_SKIP() << kStarved;
  ASSERT_TRUE(trace.ok()) << trace.status();
  EXPECT_NE(trace->processor, ProcessorId(1));
  OpenAndAwait(1);
  WorksAsBefore();
}

TEST_P(TakeoverTest, AHungTimerIsAStallToo) {
  Start(std::chrono::milliseconds(50));
  HangUp(2, Hang::kInTimer);
  AwaitTakeover({2});
  EXPECT_EQ(BucketsOf(2), 0u);
  Send(2'000);
  EXPECT_TRUE(watch_.hangs[2].hanging());
  OpenAndAwait(2);
  WorksAsBefore();
}

TEST_P(TakeoverTest, OfTwoAtOnce) {
  Start();
  HangUp(Ids{0, 3});
  if (!AwaitTakeover({0, 3})) GTEST_SKIP() << kStarved;
  EXPECT_EQ(BucketsOf(1) + BucketsOf(2), kBuckets);
  Send(2'000);
  OpenAndAwait(3);
  const auto result = engine_->Apply(WithBucketsOn(3));
  Send(2'000);
  if (Starved()) GTEST_SKIP() << kStarved;
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(watch_.hangs[0].hanging());
  OpenAndAwait(0);
  WorksAsBefore();
}

// What began afresh on another hangs there as well.
TEST_P(TakeoverTest, OfTwoInARow) {
  Start();
  HangUp(0);
  AwaitTakeover({0});
  HangUp(1);
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  EXPECT_EQ(BucketsOf(2) + BucketsOf(3), kBuckets);
  Send(2'000);
  OpenAndAwait(1);
  OpenAndAwait(0);
  WorksAsBefore();
}

TEST_P(TakeoverTest, WhereAllHangNothingIsTakenOver) {
  Start();
  const Table before = engine_->table();
  HangUp(Ids{0, 1, 2, 3});
  Until([](const LoadSample& sample) {
    return std::all_of(sample.processors.begin(), sample.processors.end(),
                       [](const ProcessorLoad& p) { return p.stalled; });
  });
  EXPECT_TRUE(takeovers_.empty());
  EXPECT_EQ(engine_->table(), before);
  // The first to return gets the others' buckets.
  watch_.hangs[2].Open();
  Until([this](const LoadSample&) { return takeovers_.size() >= 3; });
  EXPECT_EQ(BucketsOf(2), kBuckets);
  for (const std::uint16_t p : Ids{0, 1, 3}) OpenAndAwait(p);
  WorksAsBefore();
}

TEST_P(TakeoverTest, AMoveFromAHungProcessorEndsInATakeover) {
  Start();
  Send(1'000);
  HangUp(1);
  Table next = engine_->table();
  for (std::size_t b = 1; b < kBuckets / 2; b += kProcessors) {
    next.owner[b] = ProcessorId(0);
  }
  const auto result = engine_->Apply(next);
  const Table after = engine_->table();
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  ASSERT_TRUE(result.ok()) << result.status();
  for (const MoveResult& move : result->moves) {
    EXPECT_EQ(move.outcome, MoveOutcome::kTakenOver);
    EXPECT_GT(move.pause.count(), 0);
    EXPECT_EQ(after.owner[move.move.bucket.index()], ProcessorId(0));
  }
  EXPECT_EQ(BucketsOf(1), 0u);
  EXPECT_EQ(result->table, ComputeDigest(after));
  EXPECT_GT(result->counters.drop(DropReason::kTakeover), 0u);
  Send(1'000);
  OpenAndAwait(1);
  EXPECT_EQ(takeovers_.size(), 1u);
  WorksAsBefore();
}

TEST_P(TakeoverTest, AMoveToAHungProcessorIsRefusedAndItIsTakenOver) {
  Start();
  Send(1'000);
  HangUp(1);
  Table next = engine_->table();
  next.owner[0] = ProcessorId(1);
  const auto result = engine_->Apply(next);
  const auto again = engine_->Apply(WithBucketsOn(1));
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("processor 1"));
  EXPECT_EQ(BucketsOf(1), 0u);
  EXPECT_EQ(again.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(again.status().message()),
              HasSubstr("processor 1 is stalled"));
  Send(1'000);
  OpenAndAwait(1);
  WorksAsBefore();
}

// One dispatcher is kept from passing the new version, so that the donor may
// not let go yet; the receiver, which expects the buckets, hangs meanwhile.
TEST_P(TakeoverTest, AReceiverThatHangsGivesBucketsBack) {
  Start();
  Send(1'000);
  gates_[0].Close();
  Table next = engine_->table();
  for (std::size_t b = 0; b < kBuckets; b += kProcessors) {
    next.owner[b] = ProcessorId(1);
  }
  // Until the table changes, so that the receiver expects the buckets by then.
  std::thread hanger([&] {
    while (engine_->table() != next) std::this_thread::yield();
    HangUp(1);
  });
  const auto result = engine_->Apply(next);
  hanger.join();
  const Table after = engine_->table();
  gates_[0].Open();
  if (!AwaitTakeover({1})) GTEST_SKIP() << kStarved;
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->moves.size(), kBuckets / kProcessors);
  for (const MoveResult& move : result->moves) {
    EXPECT_EQ(move.outcome, MoveOutcome::kNotMoved);
    EXPECT_EQ(after.owner[move.move.bucket.index()], move.move.from);
  }
  Send(2'000);
  OpenAndAwait(1);
  WorksAsBefore();
}

// A thread cannot be ended from outside: Stop() waits for the handler.
TEST_P(TakeoverTest, StoppingWaitsForAHungHandler) {
  Start();
  HangUp(1);
  std::atomic<bool> stopped{false};
  std::thread stopper([&] {
    engine_->Stop();
    stopped = true;
  });
  EXPECT_FALSE(stopped);
  watch_.hangs[1].Open();
  stopper.join();
}

TEST_P(TakeoverTest, StoppingWaitsForOneThatWasTakenOver) {
  Start();
  HangUp(1);
  AwaitTakeover({1});
  std::thread stopper([&] { engine_->Stop(); });
  watch_.hangs[1].Open();
  stopper.join();
}

}  // namespace
}  // namespace lb::dataplane
