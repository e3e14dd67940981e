// A thousand moves while processors are busy for 80% of what they have.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>

#include "common/clock.h"
#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/dataplane/moves_watch.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint32_t kBuckets = 64;
constexpr std::uint16_t kProcessors = 2;
constexpr std::uint32_t kConnections = 600;
constexpr microseconds kCost{100};  // of a packet
constexpr double kLoad = 0.8;

// As many packets as keep the processors busy for kLoad of the time since the
// first call, until it is told to stop.
class PacedSource final : public PacketSource {
 public:
  PacedSource(std::uint64_t seed, const std::atomic<bool>& stop)
      : stop_(stop),
        frames_({.packets = 1ULL << 40,
                 .connections = kConnections,
                 .seed = seed,
                 .live = true,
                 .allowance = &allowance_}) {}

  std::size_t Receive(std::span<Packet* const> packets) override {
    const MonotonicTime now = SystemClock().Monotonic();
    if (start_ == MonotonicTime()) start_ = now;
    if (!stop_) {
      allowance_ = static_cast<std::uint64_t>(
          kLoad * kProcessors * static_cast<double>((now - start_) / kCost));
    }
    return frames_.Receive(packets);
  }
  bool exhausted() const override { return stop_; }
  absl::Status status() const override { return frames_.status(); }
  bool live() const override { return true; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds limit) override { frames_.Wait(limit); }

 private:
  const std::atomic<bool>& stop_;
  std::atomic<std::uint64_t> allowance_{0};
  FrameSource frames_;
  MonotonicTime start_;
};

class BusyHandler final : public PacketHandler {
 public:
  BusyHandler(ProcessorId id, MovesWatch& watch)
      : watching_(id, watch), burner_(kCost) {}
  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext& context) override {
    burner_.Burn();
    return watching_.OnPacket(connection, packet, context);
  }
  std::optional<milliseconds> OnTimer(Connection& connection,
                                      std::int64_t now_ns) override {
    return watching_.OnTimer(connection, now_ns);
  }

 private:
  WatchingHandler watching_;
  const CpuBurner burner_;
};

TEST(LoadedMoves, AThousandLoseReorderAndDoubleNothing) {
  constexpr std::uint64_t kSeed = 20'261'126;
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  MovesWatch watch(kBuckets, kProcessors);
  std::atomic<bool> stop{false};
  EngineOptions options;
  options.buckets = kBuckets;
  options.key.assign(16, 7);
  options.processors.assign(kProcessors, {0, 1'000});
  options.pin = false;
  options.max_connections = 10'000;
  // About what passes between two packets of a connection: many end, and many
  // deadlines are pushed back.
  options.idle_timeout = milliseconds(40);
  options.handler = [&watch](ProcessorId id) {
    return std::make_unique<BusyHandler>(id, watch);
  };
  options.sources.push_back(std::make_unique<PacedSource>(kSeed, stop));
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  std::uint64_t moves = 0;
  std::uint64_t takeovers = 0;
  // A takeover: the machine itself starved a processor.
  const auto look = [&] {
    const LoadSample sample = engine->Sample();
    takeovers += sample.takeovers.size();
    EXPECT_EQ(sample.counters.lost, 0u);
    return sample.counters.served;
  };
  // Every plan meets packets, and none before there are any.
  const auto await_load = [&] {
    const std::uint64_t served = look();
    while (takeovers == 0 && look() < served + 100) {
    }
  };
  while (moves < 1'000) {
    Table next = engine->table();
    for (ProcessorId& owner : next.owner) {
      owner = ProcessorId(static_cast<std::uint16_t>(random() % kProcessors));
    }
    await_load();
    if (takeovers > 0) break;
    const auto result = engine->Apply(next);
    look();
    if (takeovers > 0) break;
    ASSERT_TRUE(result.ok()) << result.status();
    moves += result->moves.size();
  }
  stop = true;
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  while (takeovers == 0 && watch.timers_fired < watch.connections) {
    takeovers += engine->Sample().takeovers.size();
  }
  engine->Stop();
  const EngineSummary summary = engine->Summary();
  const Counters& c = summary.counters;
  EXPECT_EQ(c.lost + c.reordered + c.duplicated, 0u);
  EXPECT_EQ(watch.two_owners + watch.out_of_order, 0u);
  EXPECT_EQ(watch.timers_doubled, 0u);
  EXPECT_EQ(summary.connections, watch.timers_fired +
                                     summary.connections_taken_over +
                                     summary.connections_open);
  if (takeovers > 0) GTEST_SKIP() << "the machine starved a processor";
  EXPECT_GT(c.served, 0u);
  EXPECT_GT(watch.timers_fired, 0u);
  // Dropped unserved, a connection's only packet leaves no mark in `watch`.
  if (c.dropped_total() == 0) {
    EXPECT_EQ(summary.connections_open, 0u);
  }
}

}  // namespace
}  // namespace lb::dataplane
