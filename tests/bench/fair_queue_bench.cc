// The way of a packet through a processor's data: its connection, the fair
// queue, the `count` handler; and the fair queue against a plain FIFO. One
// thread, no clock, no rings; time per packet. engine_bench.cc has it all.
#include <bit>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/core/packet_list.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_host.h"

namespace lb::dataplane {
namespace {

constexpr std::uint32_t kBatch = BenchHost::kBatch;

// Packets that wait for each connection while it is backlogged.
constexpr std::uint32_t kWaiting = 4;

std::uint32_t Connections(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}

void Lookup(benchmark::State& state) {
  BenchHost host(Connections(state), 1'024);
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatch();
    timer([&] { host.FindBatch(); });
    host.RecycleBatch();
  }
  timer.Report();
}

// Lookup and count without any queue between.
void LookupAndCount(benchmark::State& state) {
  BenchHost host(Connections(state), 1'024);
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatch();
    timer([&] {
      host.FindBatch();
      for (std::size_t i = 0; i < kBatch; ++i) {
        host.Count(host.connection(host.found[i]), host.batch[i]);
      }
    });
    host.RecycleBatch();
  }
  timer.Report();
}

// Lookup, fair queue, count.
void WholeWay(benchmark::State& state) {
  BenchHost host(Connections(state), 1'024);
  FairQueue queue(host.connections(), host.packets(), {});
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatch();
    timer([&] {
      host.EnqueueBatch(queue);
      host.Serve(queue, kBatch, 100);
    });
  }
  timer.Report();
}

// All connections have packets waiting: one comes, one is served.
void BackloggedFifo(benchmark::State& state) {
  const std::uint32_t waiting = Connections(state) * kWaiting / kBatch * kBatch;
  BenchHost host(Connections(state), std::bit_ceil(waiting + kBatch));
  // For the FIFO does not know connections.
  std::vector<ConnectionIndex> connection_of(std::bit_ceil(waiting + kBatch));
  PacketList fifo;
  const auto enqueue = [&] {
    host.FindBatch();
    for (std::size_t i = 0; i < kBatch; ++i) {
      connection_of[host.batch[i]] = host.found[i];
      fifo.Push(host.packets(), host.batch[i]);
    }
  };
  while (fifo.size() < waiting) {
    host.NextBatchInTurn();
    enqueue();
  }
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatchInTurn();
    timer([&] {
      enqueue();
      for (std::size_t i = 0; i < kBatch; ++i) {
        const PacketIndex packet = fifo.Pop(host.packets());
        host.Count(host.connection(connection_of[packet]), packet);
        host.Recycle(packet);
      }
    });
  }
  timer.Report();
}

// Every packet uses up its connection's quantum, so every one is a turn: the
// fair queue's most expensive case.
void BackloggedFair(benchmark::State& state) {
  const std::uint32_t waiting = Connections(state) * kWaiting / kBatch * kBatch;
  BenchHost host(Connections(state), std::bit_ceil(waiting + kBatch));
  FairQueueOptions options;
  options.limit = waiting + kBatch;
  FairQueue queue(host.connections(), host.packets(), options);
  while (queue.packets() < waiting) {
    host.NextBatchInTurn();
    host.EnqueueBatch(queue);
  }
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatchInTurn();
    timer([&] {
      host.EnqueueBatch(queue);
      host.Serve(queue, kBatch, 50'000);
    });
  }
  timer.Report();
}

// The queue is full, one packet a connection: every packet that comes in makes
// the longest queue lose one. Lookup included.
void Drop(benchmark::State& state) {
  const std::uint32_t waiting = Connections(state);
  BenchHost host(waiting, std::bit_ceil(waiting + 2 * kBatch));
  FairQueueOptions options;
  options.limit = waiting;
  FairQueue queue(host.connections(), host.packets(), options);
  while (queue.packets() < waiting) {
    host.NextBatchInTurn();
    host.EnqueueBatch(queue);
  }
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatchInTurn();
    timer([&] { host.EnqueueBatch(queue); });
  }
  timer.Report();
}

BENCHMARK(Lookup)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();
BENCHMARK(LookupAndCount)->Arg(1'000)->Arg(100'000)->UseManualTime();
BENCHMARK(WholeWay)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();
BENCHMARK(BackloggedFifo)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime();
BENCHMARK(BackloggedFair)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime();
BENCHMARK(Drop)->Arg(1'000)->Arg(10'000)->Arg(100'000)->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
