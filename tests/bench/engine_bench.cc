// The real engine, threads and all: what a packet costs from its frame in
// memory to the handler, what a sparse connection waits beside a heavy one, and
// how long moves pause.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/engine.h"
#include "dataplane/engine/handlers.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {
namespace {

using std::chrono::nanoseconds;

std::int64_t NowNs() { return CycleClock::Get().NowNs(); }

// Calls `next(packet)` to write packets until it says there is none just now,
// or `done()`.
class Source final : public PacketSource {
 public:
  Source(std::function<bool(Packet&)> next, std::function<bool()> done,
         bool live)
      : next_(std::move(next)), done_(std::move(done)), live_(live) {}

  std::size_t Receive(std::span<Packet* const> packets) override {
    std::size_t n = 0;
    while (n < packets.size() && next_(*packets[n])) ++n;
    return n;
  }
  bool exhausted() const override { return done_(); }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return live_; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(nanoseconds) override {}

 private:
  const std::function<bool(Packet&)> next_;
  const std::function<bool()> done_;
  const bool live_;
};

void Fill(Packet& packet, const Frame& frame) {
  std::memcpy(packet.frame.data(), frame.data(), frame.size());
  packet.captured_bytes = packet.wire_bytes = sizeof frame;
}

// One source, `processors` processors on CPUs from 1 downwards.
EngineOptions Options(std::unique_ptr<Source> source, HashKind hash,
                      std::uint16_t processors) {
  EngineOptions options;
  options.hash = hash;
  options.key.assign(kMicrosoftKey.begin(), kMicrosoftKey.end());
  if (hash == HashKind::kSipHash) options.key.resize(kSipKeyBytes);
  for (std::uint16_t p = 0; p < processors; ++p) {
    ProcessorLayout layout;
    layout.cpu = 1U - p;
    options.processors.push_back(layout);
  }
  options.sources.push_back(std::move(source));
  options.spin = true;
  return options;
}

// Frames of 100,000 connections in memory, in random order, into the engine
// with the `count` handler. "ns" is wall time per packet with both threads at
// work, "worker_ns" what the processor was busy for: rings, connections, fair
// queue, clocks, handler, buffers.
void EndToEnd(benchmark::State& state, HashKind hash) {
  constexpr std::uint32_t kConnections = 100'000;
  constexpr std::uint64_t kPackets = 2'000'000;  // an iteration
  const OnCpu cpu(0);
  std::vector<Frame> frames;
  for (std::uint32_t n = 0; n < kConnections; ++n) {
    frames.push_back(BenchFrame(BenchFlow(n, IpVersion::kIpv4)));
  }
  std::shuffle(frames.begin(), frames.end(), std::mt19937(1));
  std::vector<double> worker_ns;
  BatchTimer timer(state, kPackets);
  for (auto _ : state) {
    std::atomic<std::uint64_t> allowed{kConnections};
    std::uint64_t sent = 0;
    std::size_t next = 0;
    auto source = std::make_unique<Source>(
        [&](Packet& packet) {
          if (sent == allowed.load(std::memory_order_relaxed)) return false;
          Fill(packet, frames[next]);
          if (++next == frames.size()) next = 0;
          ++sent;
          return true;
        },
        [&] { return sent == kConnections + kPackets; }, /*live=*/false);
    EngineOptions options = Options(std::move(source), hash, 1);
    options.handler = MakeHandlerFactory("count").value();
    const auto engine = Engine::Create(std::move(options)).value();
    engine->Start();
    // Making the connections is not what is measured.
    while (engine->Sample().counters.served < kConnections) {
    }
    timer([&] {
      allowed.store(kConnections + kPackets);
      benchmark::DoNotOptimize(engine->WaitUntilDone().ok());
    });
    const LoadSample sample = engine->Sample();
    engine->Stop();
    worker_ns.push_back(static_cast<double>(sample.processors[0].busy.count()) /
                        kPackets);
  }
  timer.Report();
  state.counters["worker_ns"] = Quantile(worker_ns, 0.5);
}

void EndToEndSipHash(benchmark::State& state) {
  EndToEnd(state, HashKind::kSipHash);
}
void EndToEndToeplitz(benchmark::State& state) {
  EndToEnd(state, HashKind::kToeplitz);
}

// Which connection a packet is of, and when it was sent, as the handler of
// SparseWait finds them in the frame.
struct Stamp {
  std::uint32_t sparse;
  std::int64_t sent_ns;
};
constexpr std::size_t kStampAt = 42;

// Burns 1 us a packet, and writes down what sparse ones waited.
class StampReader final : public PacketHandler {
 public:
  StampReader(const CpuBurner& burner, std::vector<double>& waits_us)
      : burner_(burner), waits_us_(waits_us) {}

  Verdict OnPacket(Connection&, Packet& packet, PacketContext&) override {
    Stamp stamp;
    std::memcpy(&stamp, &packet.frame[kStampAt], sizeof stamp);
    if (stamp.sparse != 0) {
      waits_us_.push_back(static_cast<double>(NowNs() - stamp.sent_ns) / 1e3);
    }
    burner_.Burn();
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }

 private:
  const CpuBurner& burner_;
  std::vector<double>& waits_us_;
};

enum class Beside {
  kHeavy,  // one connection
  kFlood,  // a new connection with every packet
  // One connection, of which the sparse packets pretend to be: a plain queue,
  // as without connections, which drops its oldest packet when it is full.
  kFifo,
};

// A connection sends a packet every 200 us on average to a processor that
// needs 1 us a packet, beside others that send `per_us` packets a microsecond.
// The processor has CPU 1 for itself.
void SparseWait(benchmark::State& state, double per_us, Beside beside) {
  constexpr std::int64_t kRunNs = 400'000'000;
  const OnCpu cpu(0);
  const CpuBurner burner{std::chrono::microseconds(1)};
  const Frame sparse = BenchFrame(BenchFlow(0, IpVersion::kIpv4));
  std::vector<double> waits_us;
  std::uint64_t sparse_sent = 0;
  std::uint64_t sent = 0;
  for (auto _ : state) {
    std::mt19937 random(1);
    std::exponential_distribution<double> gap_ns(1.0 / 200'000);
    const std::int64_t start_ns = NowNs();
    std::int64_t now_ns = start_ns;
    auto next_sparse_ns = static_cast<double>(start_ns);
    std::uint32_t flow = 1;
    Frame heavy = BenchFrame(BenchFlow(flow, IpVersion::kIpv4));
    std::uint64_t others = 0;
    auto source = std::make_unique<Source>(
        [&](Packet& packet) {
          now_ns = NowNs();
          if (now_ns - start_ns >= kRunNs) return false;
          Stamp stamp{0, now_ns};
          if (static_cast<double>(now_ns) >= next_sparse_ns) {
            next_sparse_ns += gap_ns(random);
            stamp.sparse = 1;
            ++sparse_sent;
          } else if (static_cast<double>(others) * 1e3 >=
                     per_us * static_cast<double>(now_ns - start_ns)) {
            return false;
          } else {
            ++others;
            if (beside == Beside::kFlood) {
              std::memcpy(&heavy[26], &++flow, sizeof flow);
            }
          }
          ++sent;
          const bool own = stamp.sparse != 0 && beside != Beside::kFifo;
          Fill(packet, own ? sparse : heavy);
          std::memcpy(&packet.frame[kStampAt], &stamp, sizeof stamp);
          return true;
        },
        [&] { return now_ns - start_ns >= kRunNs; }, /*live=*/true);
    EngineOptions options = Options(std::move(source), HashKind::kSipHash, 1);
    options.handler = [&](ProcessorId) {
      return std::make_unique<StampReader>(burner, waits_us);
    };
    const auto engine = Engine::Create(std::move(options)).value();
    engine->Start();
    benchmark::DoNotOptimize(engine->WaitUntilDone().ok());
    engine->Stop();
    state.SetIterationTime(static_cast<double>(NowNs() - start_ns) / 1e9);
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["offered_per_us"] =
      static_cast<double>(sent) * 1e3 / (iterations * kRunNs);
  state.counters["sparse_served"] =
      static_cast<double>(waits_us.size()) / static_cast<double>(sparse_sent);
  state.counters["p50_us"] = Quantile(waits_us, 0.5);
  state.counters["p99_us"] = Quantile(waits_us, 0.99);
}

void SparseBesideHeavy(benchmark::State& state) {
  SparseWait(state, 10, Beside::kHeavy);
}
void SparseInFifo(benchmark::State& state) {
  SparseWait(state, 10, Beside::kFifo);
}
void SparseBesideFlood(benchmark::State& state) {
  SparseWait(state, 2, Beside::kFlood);
}

BENCHMARK(EndToEndSipHash)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(EndToEndToeplitz)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(SparseBesideHeavy)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(SparseInFifo)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(SparseBesideFlood)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb::dataplane
