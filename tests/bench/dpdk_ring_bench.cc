// DPDK's ring and distributor, beside dispatch_bench.cc. Their packets come
// parsed and hashed: what is timed is handing them to a worker that counts.
#include <rte_distributor.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_flows.h"
#include "tests/bench/dpdk_env.h"

namespace lb::dataplane {
namespace {

constexpr std::uint32_t kPackets = 1'000'000;  // an iteration
constexpr std::uint32_t kBatch = 32;

class SpScRing {
 public:
  SpScRing()
      : ring_(rte_ring_create(("ring" + std::to_string(++made_)).c_str(), 2'048,
                              SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ)) {}
  ~SpScRing() { rte_ring_free(ring_); }
  SpScRing(const SpScRing&) = delete;
  SpScRing& operator=(const SpScRing&) = delete;
  rte_ring* get() { return ring_; }

 private:
  static inline int made_ = 0;
  rte_ring* ring_;
};

void RingSameCpu(benchmark::State& state) {
  StartDpdk();
  const OnCpu cpu(0);
  SpScRing ring;
  std::array<void*, kBatch> batch{};
  BatchTimer timer(state, 32'000);
  for (auto _ : state) {
    timer([&] {
      for (int i = 0; i < 1'000; ++i) {
        rte_ring_sp_enqueue_bulk(ring.get(), batch.data(), kBatch, nullptr);
        rte_ring_sc_dequeue_bulk(ring.get(), batch.data(), kBatch, nullptr);
        benchmark::DoNotOptimize(batch);
      }
    });
  }
  timer.Report();
}

void RingAcross(benchmark::State& state) {
  StartDpdk();
  const OnCpu cpu(0);
  BatchTimer timer(state, kPackets);
  PaceMeter pace;
  for (auto _ : state) {
    SpScRing ring;
    std::atomic<bool> ready{false};
    std::thread consumer([&] {
      const OnCpu other(1);
      std::array<void*, kBatch> taken;
      ready.store(true);
      for (std::uint32_t n = 0; n < kPackets;) {
        n += rte_ring_sc_dequeue_burst(ring.get(), taken.data(), kBatch,
                                       nullptr);
        benchmark::DoNotOptimize(taken);
      }
    });
    while (!ready.load()) __builtin_ia32_pause();
    std::array<void*, kBatch> batch{};
    pace.Restart();
    timer([&] {
      for (std::uint32_t n = 0; n < kPackets;) {
        const unsigned sent = rte_ring_sp_enqueue_burst(
            ring.get(), batch.data(), kBatch, nullptr);
        n += sent;
        pace.Mark(sent);
      }
      consumer.join();
    });
  }
  state.counters["ns"] = pace.ns();
}

// A worker that asks for packets and counts them, until told to stop.
class Worker {
 public:
  Worker(rte_distributor* distributor, unsigned id)
      : distributor_(distributor), id_(id), thread_([this] { Run(); }) {}
  // Asking for packets, it waits for the distributor to look.
  ~Worker() {
    stop_.store(true);
    while (!stopped_.load()) rte_distributor_process(distributor_, nullptr, 0);
    thread_.join();
  }

 private:
  void Run() {
    const OnCpu cpu(1);
    std::array<rte_mbuf*, 8> packets{};
    unsigned done = 0;
    while (!stop_.load(std::memory_order_relaxed)) {
      rte_distributor_request_pkt(distributor_, id_, packets.data(), done);
      int got = -1;
      while (got < 0 && !stop_.load(std::memory_order_relaxed)) {
        got = rte_distributor_poll_pkt(distributor_, id_, packets.data());
      }
      done = got > 0 ? static_cast<unsigned>(got) : 0;
      counted_.store(counted_.load(std::memory_order_relaxed) + done,
                     std::memory_order_relaxed);
    }
    stopped_.store(true);
  }

  rte_distributor* const distributor_;
  const unsigned id_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> counted_{0};
  std::thread thread_;
};

// One worker: the machine may have no third CPU.
void Distributor(benchmark::State& state) {
  StartDpdk();
  const OnCpu cpu(0);
  std::vector<rte_mbuf> packets(1'024);
  const FlowHash hash = BenchHash(HashKind::kToeplitz);
  for (std::uint32_t n = 0; n < packets.size(); ++n) {
    packets[n].hash.usr = hash(BenchFlow(n, IpVersion::kIpv4));
  }
  static int made = 0;
  // Cannot be freed: DPDK keeps a list of all.
  rte_distributor* const distributor = rte_distributor_create(
      ("distributor" + std::to_string(++made)).c_str(),
      static_cast<unsigned>(SOCKET_ID_ANY), 1, RTE_DIST_ALG_BURST);
  if (distributor == nullptr) {
    state.SkipWithError("cannot create a distributor");
    return;
  }
  const Worker worker(distributor, 0);
  std::array<rte_mbuf*, kBatch> batch;
  std::array<rte_mbuf*, 2 * kBatch> returned;
  BatchTimer timer(state, kPackets);
  PaceMeter pace;
  std::uint32_t next = 0;
  for (auto _ : state) {
    timer([&] {
      for (std::uint32_t n = 0; n < kPackets; n += kBatch) {
        for (rte_mbuf*& packet : batch) {
          packet = &packets[next++ % packets.size()];
        }
        rte_distributor_process(distributor, batch.data(), kBatch);
        rte_distributor_returned_pkts(distributor, returned.data(),
                                      static_cast<unsigned>(returned.size()));
        pace.Mark(kBatch);
      }
    });
  }
  rte_distributor_flush(distributor);
  state.counters["ns"] = pace.ns();
}

BENCHMARK(RingSameCpu)->Name("dpdk/RingSameCpu")->UseManualTime();
BENCHMARK(RingAcross)->Name("dpdk/RingAcross")->UseManualTime();
BENCHMARK(Distributor)->Name("dpdk/Distributor")->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
