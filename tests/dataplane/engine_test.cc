#include "dataplane/engine/engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/handlers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;

EngineOptions Options(const FrameSourceOptions& source) {
  EngineOptions options = SmallEngine();
  options.handler = *MakeHandlerFactory("count");
  options.sources.push_back(std::make_unique<FrameSource>(source));
  return options;
}

// Calls a function for every packet and lets idle connections go.
class CallingHandler final : public PacketHandler {
 public:
  using OnPacketFunction = std::function<void(Connection&, Packet&)>;
  using OnTimerFunction = std::function<void()>;
  CallingHandler(OnPacketFunction on_packet, OnTimerFunction on_timer)
      : on_packet_(std::move(on_packet)), on_timer_(std::move(on_timer)) {}
  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext&) override {
    on_packet_(connection, packet);
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    on_timer_();
    return std::nullopt;
  }

 private:
  const OnPacketFunction on_packet_;
  const OnTimerFunction on_timer_;
};

// A gate that handlers wait at until it is opened.
class Gate {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(Engine, ServesEveryPacketOfASourceThatWaits) {
  auto engine =
      *Engine::Create(Options({.packets = 20'000, .connections = 50}));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const EngineSummary summary = engine->Summary();
  EXPECT_EQ(summary.counters.arrived, 20'000u);
  EXPECT_EQ(summary.counters.served, 20'000u);
  EXPECT_EQ(summary.counters.bytes, 60u * 20'000u);
  EXPECT_EQ(summary.counters.queued, 0u);
  EXPECT_EQ(summary.counters.dropped_total(), 0u);
  EXPECT_EQ(summary.counters.lost, 0u);
  EXPECT_EQ(summary.counters.reordered, 0u);
  EXPECT_EQ(summary.counters.duplicated, 0u);
  EXPECT_EQ(summary.connections, 50u);
  EXPECT_EQ(summary.parse[0], 20'000u);
  std::uint64_t by_bucket = 0;
  for (std::uint64_t packets : summary.bucket_packets) by_bucket += packets;
  EXPECT_EQ(by_bucket, 20'000u);
}

TEST(Engine, SeveralDispatchersFeedTheSameWorkers) {
  EngineOptions options = Options({.packets = 5'000, .connections = 20});
  for (std::uint64_t seed : {2u, 3u}) {
    options.sources.push_back(std::make_unique<FrameSource>(
        FrameSourceOptions{.packets = 5'000, .connections = 20, .seed = seed}));
  }
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_EQ(counters.served, 15'000u);
  EXPECT_EQ(counters.lost + counters.reordered + counters.duplicated, 0u);
}

// Handlers wait at a gate while packets rush in: what does not fit is dropped
// with a reason, and the sums hold.
TEST(Engine, ALiveSourceDropsAndCountsWhatDoesNotFit) {
  Gate gate;
  EngineOptions options =
      Options({.packets = 20'000, .connections = 50, .live = true});
  // Room for every packet, so that rings and queues decide.
  options.pool_packets = 32'768;
  options.handler = [&gate](ProcessorId) {
    return std::make_unique<CallingHandler>(
        [&gate](Connection&, Packet&) { gate.Wait(); }, [] {});
  };
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  std::thread opener([&] {
    // The source is exhausted while every worker is still at the gate.
    while (engine->Sample().counters.arrived < 20'000)
      std::this_thread::yield();
    gate.Open();
  });
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  opener.join();
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_EQ(counters.arrived, 20'000u);
  EXPECT_GT(counters.drop(DropReason::kRingFull), 0u);
  EXPECT_EQ(counters.served + counters.dropped_total(), 20'000u);
  EXPECT_EQ(counters.lost + counters.reordered + counters.duplicated, 0u);
}

// Sends `sent` packets and opens a gate when all are in the rings: by then it
// is asked for more.
class OpeningSource final : public PacketSource {
 public:
  OpeningSource(const FrameSourceOptions& options, std::uint64_t sent,
                Gate& gate)
      : frames_(options), left_(sent), gate_(gate) {}
  std::size_t Receive(std::span<Packet* const> packets) override {
    const std::size_t n = frames_.Receive(packets);
    left_ -= std::min<std::uint64_t>(left_, n);
    if (n == 0 && left_ == 0) gate_.Open();
    return n;
  }
  bool exhausted() const override { return frames_.exhausted(); }
  absl::Status status() const override { return frames_.status(); }
  bool live() const override { return frames_.live(); }
  std::uint64_t dropped() const override { return frames_.dropped(); }
  void Wait(std::chrono::nanoseconds limit) override { frames_.Wait(limit); }

 private:
  FrameSource frames_;
  std::uint64_t left_;
  Gate& gate_;
};

// The first packet is served when the rest of its round is in the rings.
TEST(Engine, ProcessorsFollowTheFairQueuesLimits) {
  constexpr std::uint64_t kRound = 41;
  constexpr std::uint32_t kLimit = 4;
  Gate gate;
  std::atomic<std::uint64_t> allowance{0};
  EngineOptions options = SmallEngine(/*buckets=*/64, /*processors=*/1);
  options.sources.push_back(std::make_unique<OpeningSource>(
      FrameSourceOptions{.packets = 3 * kRound,
                         .connections = 5,
                         .live = true,
                         .allowance = &allowance},
      kRound, gate));
  options.handler = [&gate](ProcessorId) {
    return std::make_unique<CallingHandler>(
        [&gate](Connection&, Packet&) { gate.Wait(); }, [] {});
  };
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  const auto send_round = [&] {
    engine->Sample();  // goes through the same mail: the limits hold by now
    allowance += kRound;
    Counters counters;
    do {
      counters = engine->Sample().counters;
    } while (counters.served + counters.dropped_total() < allowance);
    EXPECT_EQ(counters.dropped_total(), counters.drop(DropReason::kQueueFull));
    return counters;
  };
  engine->SetFairQueue({.packets = kLimit});
  const Counters limited = send_round();
  // What waited when the first packet was served, and what came then.
  EXPECT_GE(limited.served, kLimit);
  EXPECT_LE(limited.served, 2 * kLimit);
  EXPECT_EQ(limited.drop(DropReason::kQueueFull), kRound - limited.served);
  engine->SetFairQueue({.packets = 1'000'000});
  EXPECT_EQ(send_round().served, limited.served + kRound);
  engine->SetFairQueue({});
  EXPECT_EQ(send_round().served, limited.served + 2 * kRound);
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  EXPECT_EQ(engine->Summary().counters.lost, 0u);
}

TEST(Engine, TheLimitCostsASourceThatWaitsNothing) {
  auto engine =
      *Engine::Create(Options({.packets = 20'000, .connections = 50}));
  engine->SetFairQueue({.quantum = kMinQuantum, .packets = 1});
  engine->Start();
  engine->SetFairQueue({.quantum = kMaxQuantum, .packets = 2});
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_EQ(counters.served, 20'000u);
  EXPECT_EQ(counters.dropped_total() + counters.lost, 0u);
}

TEST(Engine, RefusesConnectionsBeyondTheLimitWithAReason) {
  EngineOptions options = Options({.packets = 10'000, .connections = 5'000});
  options.max_connections = 1'000;
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const EngineSummary summary = engine->Summary();
  EXPECT_LE(summary.connections, 1'000u);
  EXPECT_GT(summary.counters.drop(DropReason::kConnectionLimit), 0u);
  EXPECT_EQ(summary.counters.served +
                summary.counters.drop(DropReason::kConnectionLimit),
            10'000u);
  EXPECT_EQ(summary.counters.lost, 0u);
}

TEST(Engine, IdleConnectionsAreForgottenOnceEach) {
  constexpr int kConnections = 200;
  std::atomic<int> expired{0};
  Gate all_expired;
  EngineOptions options =
      Options({.packets = 2'000, .connections = kConnections});
  options.idle_timeout = std::chrono::milliseconds(20);
  options.handler = [&](ProcessorId) {
    return std::make_unique<CallingHandler>(
        [](Connection&, Packet&) {},
        [&] {
          if (expired.fetch_add(1) + 1 == kConnections) all_expired.Open();
        });
  };
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  all_expired.Wait();
  engine->Stop();
  // On a slow machine a connection may idle, go, and come back.
  EXPECT_EQ(static_cast<std::uint64_t>(expired.load()) +
                engine->Summary().connections_open,
            engine->Summary().connections);
}

TEST(Engine, SamplesAddUpToWhatWasServed) {
  auto engine =
      *Engine::Create(Options({.packets = 20'000, .connections = 50}));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  const LoadSample sample = engine->Sample();
  const LoadSample idle = engine->Sample();
  engine->Stop();
  EXPECT_EQ(sample.table_start, sample.table_end);
  EXPECT_EQ(sample.end, idle.start);
  EXPECT_EQ(sample.counters.served, 20'000u);
  std::uint64_t by_processor = 0;
  std::chrono::nanoseconds busy{0};
  for (const ProcessorLoad& load : sample.processors) {
    by_processor += load.packets;
    busy += load.busy;
    EXPECT_FALSE(load.stalled);
  }
  EXPECT_EQ(by_processor, 20'000u);
  EXPECT_GT(busy.count(), 0);
  std::uint64_t by_bucket = 0;
  std::uint32_t connections = 0;
  for (const BucketLoad& load : sample.buckets) {
    by_bucket += load.packets;
    connections += load.connections;
  }
  EXPECT_EQ(by_bucket, 20'000u);
  EXPECT_EQ(connections, 50u);
  EXPECT_TRUE(idle.buckets.empty());
  EXPECT_EQ(idle.processors[0].packets, 0u);
}

// What a dispatcher waits for a slow processor is not its own work; taken for
// it, every host with a full ring would read as bound by its input.
TEST(Engine, ADispatcherThatWaitsForRoomIsNotBusy) {
  EngineOptions options = Options({.packets = 4'000, .connections = 50});
  options.processors.assign(1, {0, 1'000});
  options.pool_packets = 256;  // 0.2 s of service to wait for, again and again
  options.handler = *MakeHandlerFactory("burn:50us");
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  const LoadSample sample = engine->Sample();
  engine->Stop();
  EXPECT_EQ(sample.dispatchers[0].packets, 4'000u);
  EXPECT_GT(sample.dispatchers[0].busy.count(), 0);
  EXPECT_LT(sample.dispatchers[0].busy, sample.processors[0].busy / 2);
}

// With room for one ring at a time it used to be the first one's again and
// again; the other's dispatcher then never came to pass a new table either.
TEST(Engine, SourcesThatWaitShareASaturatedProcessor) {
  constexpr std::uint64_t kPackets = 8'000;
  const CpuBurner burner(std::chrono::microseconds(10));
  std::array<std::uint64_t, 2> served{};  // by source; the worker's
  std::uint64_t of_the_other = 0;         // when the first was through
  EngineOptions options = Options({.packets = kPackets, .connections = 50});
  options.sources.push_back(std::make_unique<FrameSource>(
      FrameSourceOptions{.packets = kPackets, .connections = 50, .seed = 2}));
  options.processors.assign(1, {0, 1'000});
  options.handler = [&](ProcessorId) {
    return std::make_unique<CallingHandler>(
        [&](Connection&, Packet& packet) {
          burner.Burn();
          const std::uint64_t other = served[1 - packet.dispatcher];
          if (++served[packet.dispatcher] == kPackets && other < kPackets) {
            of_the_other = other;
          }
        },
        [] {});
  };
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  EXPECT_EQ(served[0] + served[1], 2 * kPackets);
  EXPECT_GT(of_the_other, kPackets / 2);
}

TEST(Engine, CreateNamesWhatIsWrong) {
  const auto error = [](auto change) {
    EngineOptions options = Options({.packets = 1});
    change(options);
    return std::string(Engine::Create(std::move(options)).status().message());
  };
  EXPECT_THAT(error([](EngineOptions& o) { o.buckets = 100; }),
              HasSubstr("buckets is 100"));
  EXPECT_THAT(error([](EngineOptions& o) { o.key.pop_back(); }),
              HasSubstr("15"));
  EXPECT_THAT(error([](EngineOptions& o) { o.sources.clear(); }),
              HasSubstr("0 sources"));
  EXPECT_THAT(error([](EngineOptions& o) { o.ring_packets = 512; }),
              HasSubstr("use a pool of at least 4096"));
  EXPECT_THAT(error([](EngineOptions& o) {
                o.sources.push_back(std::make_unique<FrameSource>(
                    FrameSourceOptions{.live = true}));
              }),
              HasSubstr("cannot feed the same workers"));
  EXPECT_THAT(error([](EngineOptions& o) {
                o.table = Table{HashKind::kSipHash, "other", {}};
              }),
              HasSubstr("table has 0 buckets"));
}

TEST(Handlers, UnknownOnesAreNamed) {
  for (const char* spec :
       {"", "burn", "burn:", "burn:0us", "burn:2s", "x", "reflect:", "burn:,",
        "burn:1us,1us", "burn:1us,connection=", "burn:1us,connection=2s",
        "burn:connection=1us,1us", "burn:1us,connection=1us,"}) {
    EXPECT_EQ(MakeHandlerFactory(spec).status().code(),
              absl::StatusCode::kInvalidArgument)
        << spec;
  }
  for (const char* spec : {"count", "reflect", "burn:20us",
                           "burn:20us,connection=1ms", "burn:connection=1s"}) {
    EXPECT_TRUE(MakeHandlerFactory(spec).ok()) << spec;
  }
}

}  // namespace
}  // namespace lb::dataplane
