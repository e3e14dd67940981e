// From the frame to the worker: the product's dispatcher on one CPU reads
// frames of 64 bytes that lie in its buffers, as if a network card had put
// them there, and a thread on another CPU takes descriptors out of the ring,
// counts them and sends the buffers home. Time per packet, both at work.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/engine/dispatcher.h"
#include "dataplane/engine/store_load_fence.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kPackets = 1'000'000;  // an iteration
constexpr std::uint32_t kPool = 16'384;
constexpr std::size_t kRing = 2'048;
constexpr std::size_t kFlush = 256;  // packets

// Says of each buffer that the frame in it has just come.
class FilledSource final : public PacketSource {
 public:
  explicit FilledSource(PaceMeter& pace) : pace_(pace) { pace_.Restart(); }

  std::size_t Receive(std::span<Packet* const> packets) override {
    const std::size_t n = std::min(packets.size(), kPackets - sent_);
    for (Packet* packet : packets.first(n)) {
      packet->captured_bytes = 64;
      packet->wire_bytes = 64;
    }
    sent_ += n;
    pace_.Mark(n);
    return n;
  }
  bool exhausted() const override { return sent_ == kPackets; }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return false; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds) override {}

 private:
  PaceMeter& pace_;
  std::size_t sent_ = 0;
};

// Takes descriptors out of a ring, on CPU 1, until told to stop.
class CountingWorker {
 public:
  CountingWorker(DescriptorRing& ring, PacketPool& pool, Waiter& dispatcher)
      : ring_(ring), pool_(pool), dispatcher_(dispatcher) {
    thread_ = std::thread([this] { Run(); });
  }
  ~CountingWorker() {
    stop_.store(true);
    thread_.join();
  }
  std::uint64_t counted() const { return counted_.load(); }

 private:
  void Run() {
    const OnCpu cpu(1);
    std::array<Descriptor, 64> taken;
    std::size_t unsent = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      const std::size_t n = ring_.Pop(taken);
      for (std::size_t i = 0; i < n; ++i) pool_.Return(0, taken[i].packet);
      unsent += n;
      // A processor does so once per batch.
      if (unsent >= kFlush || (n == 0 && unsent > 0)) {
        pool_.Flush(0);
        StoreLoadFence();
        dispatcher_.Notify();
        unsent = 0;
      }
      if (n == 0) __builtin_ia32_pause();
      counted_.store(counted_.load(std::memory_order_relaxed) + n,
                     std::memory_order_relaxed);
    }
  }

  DescriptorRing& ring_;
  PacketPool& pool_;
  Waiter& dispatcher_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> counted_{0};
  std::thread thread_;
};

void Dispatch(benchmark::State& state, HashKind kind) {
  const OnCpu cpu(0);
  PacketPool pool(1, 1, kPool);
  std::uint32_t n = 0;
  for (Packet& packet : pool.packets()) {
    const Frame frame = BenchFrame(BenchFlow(n++, IpVersion::kIpv4));
    std::copy(frame.begin(), frame.end(), packet.frame.begin());
  }
  const FlowHash hash = BenchHash(kind);
  BatchTimer timer(state, kPackets);
  PaceMeter pace;
  for (auto _ : state) {
    DescriptorRing ring(kRing);
    PublishedTable table(1, std::vector<ProcessorId>(kBenchBuckets));
    Waiter worker_waiter;
    const HeavyList heavy;
    const std::atomic<bool> out_of_service{false};
    Waiter done;
    Dispatcher dispatcher(
        0, std::make_unique<FilledSource>(pace), hash, kBenchBuckets, pool,
        table, {{&ring, &worker_waiter, &heavy, &out_of_service}}, done);
    const CountingWorker worker(ring, pool, dispatcher.room());
    timer([&] {
      dispatcher.Start();
      dispatcher.Join();
      while (worker.counted() < kPackets) __builtin_ia32_pause();
    });
  }
  state.counters["ns"] = pace.ns();
}

void DispatchSipHash(benchmark::State& state) {
  Dispatch(state, HashKind::kSipHash);
}
void DispatchToeplitz(benchmark::State& state) {
  Dispatch(state, HashKind::kToeplitz);
}

// The ring alone, descriptors in batches of 32, to the other CPU.
void RingAcross(benchmark::State& state) {
  const OnCpu cpu(0);
  BatchTimer timer(state, kPackets);
  PaceMeter pace;
  for (auto _ : state) {
    DescriptorRing ring(kRing);
    std::atomic<bool> ready{false};
    std::thread consumer([&] {
      const OnCpu other(1);
      std::array<Descriptor, 32> taken;
      ready.store(true);
      for (std::uint64_t n = 0; n < kPackets; n += ring.Pop(taken)) {
        benchmark::DoNotOptimize(taken);
      }
    });
    while (!ready.load()) __builtin_ia32_pause();
    pace.Restart();
    timer([&] {
      for (std::uint32_t n = 0; n < kPackets;) {
        const std::uint32_t before = n;
        while (n < kPackets && ring.Push({n, n})) {
          if (++n % 32 == 0) break;
        }
        ring.Publish();
        pace.Mark(n - before);
      }
      consumer.join();
    });
  }
  state.counters["ns"] = pace.ns();
}

// The same in one thread.
void RingSameCpu(benchmark::State& state) {
  const OnCpu cpu(0);
  DescriptorRing ring(kRing);
  std::array<Descriptor, 32> taken;
  BatchTimer timer(state, 32'000);
  for (auto _ : state) {
    timer([&] {
      for (std::uint32_t batch = 0; batch < 1'000; ++batch) {
        for (std::uint32_t n = 0; n < 32; ++n) ring.Push({n, n});
        ring.Publish();
        benchmark::DoNotOptimize(ring.Pop(taken));
        benchmark::DoNotOptimize(taken);
      }
    });
  }
  timer.Report();
}

BENCHMARK(DispatchSipHash)->UseManualTime();
BENCHMARK(DispatchToeplitz)->UseManualTime();
BENCHMARK(RingAcross)->UseManualTime();
BENCHMARK(RingSameCpu)->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
