// How long a move pauses its bucket, at 80% load, beside what handing anything
// through the same three threads takes on this machine: a bare token.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/engine/cpu_burner.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/engine.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {
namespace {

constexpr int kMoves = 1'000;
constexpr std::chrono::nanoseconds kService{20'000};
// 77% of each of two processors; with the dispatcher, about 80% of two CPUs.
constexpr std::chrono::nanoseconds kGap{13'000};
constexpr std::uint64_t kWarmUp = 15'000;  // packets: 0.2 s

// Goes the way of a move, from the one who changes the table to the dispatcher,
// to the old owner, to the new one: each passes it on as soon as it runs. A
// thread looks for it at every packet, of which at this load there is always
// one.
class Token {
 public:
  void Start(ProcessorId from, ProcessorId to) {
    from_ = from;
    to_ = to;
    start_ns_ = CycleClock::Get().NowNs();
    place_.store(kDispatcher);
  }
  void AtDispatcher() { Pass(kDispatcher, kFrom); }
  void AtProcessor(ProcessorId processor) {
    const int place = place_.load(std::memory_order_acquire);
    if (place == kFrom && processor == from_) {
      Pass(kFrom, kTo);
    } else if (place == kTo && processor == to_) {
      end_ns_ = CycleClock::Get().NowNs();
      Pass(kTo, kDone);
      place_.notify_all();
    }
  }
  void WaitUntilDone() {
    for (int place = place_; place != kDone; place = place_) place_.wait(place);
  }
  double took_us() const {
    return static_cast<double>(end_ns_ - start_ns_) / 1e3;
  }

 private:
  enum Place : int { kDone, kDispatcher, kFrom, kTo };

  void Pass(int here, int next) {
    if (place_.load(std::memory_order_acquire) == here) place_.store(next);
  }

  std::atomic<int> place_{kDone};
  ProcessorId from_;
  ProcessorId to_;
  std::int64_t start_ns_ = 0;
  std::int64_t end_ns_ = 0;
};

// Packets of 1,000 connections at an even rate. What it could not send in time
// because the machine did other things is forgotten, not made up for: the load
// is never more than it says.
class TokenSource final : public PacketSource {
 public:
  TokenSource(std::chrono::nanoseconds gap, Token& token,
              const std::atomic<bool>& done)
      : gap_ns_(gap.count()), token_(token), done_(done) {
    for (std::uint32_t n = 0; n < 1'000; ++n) {
      frames_.push_back(BenchFrame(BenchFlow(n, IpVersion::kIpv4)));
    }
  }

  std::size_t Receive(std::span<Packet* const> packets) override {
    token_.AtDispatcher();
    const std::int64_t now_ns = CycleClock::Get().NowNs();
    due_ns_ = std::max(due_ns_, now_ns - kForgetNs);
    std::size_t n = 0;
    for (; n < packets.size() && due_ns_ <= now_ns; ++n, due_ns_ += gap_ns_) {
      const Frame& frame = frames_[random_() % frames_.size()];
      std::copy(frame.begin(), frame.end(), packets[n]->frame.begin());
      packets[n]->captured_bytes = packets[n]->wire_bytes = sizeof frame;
    }
    return n;
  }
  bool exhausted() const override { return done_.load(); }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return false; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds limit) override {
    std::this_thread::sleep_for(std::min(kNap, limit));
  }

 private:
  static constexpr std::int64_t kForgetNs = 500'000;
  // To wake for every packet would take a CPU's better half.
  static constexpr std::chrono::nanoseconds kNap{100'000};

  const std::int64_t gap_ns_;
  Token& token_;
  const std::atomic<bool>& done_;
  std::vector<Frame> frames_;
  std::minstd_rand random_;
  std::int64_t due_ns_ = 0;
};

class TokenHandler final : public PacketHandler {
 public:
  TokenHandler(ProcessorId processor, const CpuBurner& burner, Token& token)
      : processor_(processor), burner_(burner), token_(token) {}

  Verdict OnPacket(Connection&, Packet&, PacketContext&) override {
    token_.AtProcessor(processor_);
    burner_.Burn();
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }

 private:
  const ProcessorId processor_;
  const CpuBurner& burner_;
  Token& token_;
};

// Two processors on two CPUs and a dispatcher that shares them.
void Moves(benchmark::State& state) {
  const CpuBurner burner(kService);
  std::vector<double> moves_us;
  std::vector<double> tokens_us;
  Counters counters;
  for (auto _ : state) {
    Token token;
    std::atomic<bool> done{false};
    EngineOptions options;
    options.key.assign(16, 7);
    options.processors.assign(2, ProcessorLayout{});
    options.processors[1].cpu = 1;
    options.sources.push_back(std::make_unique<TokenSource>(kGap, token, done));
    options.handler = [&](ProcessorId processor) {
      return std::make_unique<TokenHandler>(processor, burner, token);
    };
    const auto engine = Engine::Create(std::move(options)).value();
    engine->Start();
    while (engine->Sample().counters.served < kWarmUp) {
    }
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kMoves; ++i) {
      Table table = engine->table();
      const std::size_t bucket = static_cast<std::size_t>(i) * 7 % 1'024;
      const ProcessorId from = table.owner[bucket];
      const ProcessorId to(static_cast<std::uint16_t>(1 - from.index()));
      table.owner[bucket] = to;
      const ApplyResult result = engine->Apply(table).value();
      moves_us.push_back(static_cast<double>(result.moves[0].pause.count()) /
                         1e3);
      token.Start(from, to);
      token.WaitUntilDone();
      tokens_us.push_back(token.took_us());
    }
    state.SetIterationTime(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
            .count());
    done.store(true);
    benchmark::DoNotOptimize(engine->WaitUntilDone().ok());
    engine->Stop();
    counters += engine->Summary().counters;
  }
  state.counters["move_p50_us"] = Quantile(moves_us, 0.5);
  state.counters["move_p99_us"] = Quantile(moves_us, 0.99);
  state.counters["token_p50_us"] = Quantile(tokens_us, 0.5);
  state.counters["token_p99_us"] = Quantile(tokens_us, 0.99);
  state.counters["lost"] = static_cast<double>(counters.lost);
  state.counters["reordered"] = static_cast<double>(counters.reordered);
  state.counters["duplicated"] = static_cast<double>(counters.duplicated);
}

BENCHMARK(Moves)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lb::dataplane
