// Timers: putting one off on the packet path, and expiry. dpdk_timer_bench.cc
// does the same with DPDK's.
#include <cstdint>
#include <random>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/core/bucket_due_queue.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/bench_host.h"

namespace lb::dataplane {
namespace {

constexpr std::uint32_t kBatch = BenchHost::kBatch;

std::uint32_t Connections(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}

// Of connections in random order that have just been looked up, as on the
// packet path.
void TimerRefresh(benchmark::State& state) {
  BenchHost host(Connections(state), 1'024);
  TimingWheel wheel(host.connections());
  for (const ConnectionIndex index : host.order()) {
    wheel.Schedule(index, 60'000);
  }
  TimerTick deadline = 60'000;
  BatchTimer timer(state, kBatch);
  for (auto _ : state) {
    host.NextBatch();
    host.FindBatch();
    for (const ConnectionIndex index : host.found) {
      __builtin_prefetch(&host.connection(index).queue, /*rw=*/1);
    }
    ++deadline;
    timer([&] {
      for (const ConnectionIndex index : host.found) {
        TimingWheel::PushBack(host.connection(index), deadline);
      }
      benchmark::ClobberMemory();
    });
    host.RecycleBatch();
  }
  timer.Report();
}

// Timers of one wheel, due at random within a minute, fire in one go, as in
// DPDK's own benchmark of its timers.
void TimerExpiryAtOnce(benchmark::State& state) {
  BenchHost host(Connections(state), 1);
  TimingWheel wheel(host.connections());
  std::mt19937 random(1);
  TimerTick now = 0;
  BatchTimer timer(state, Connections(state));
  for (auto _ : state) {
    for (const ConnectionIndex index : host.order()) {
      wheel.Schedule(index, now + 1 + random() % 60'000);
    }
    now += 60'001;
    timer([&] {
      wheel.Advance(now, 2 * host.order().size(), [](ConnectionIndex index) {
        benchmark::DoNotOptimize(index);
      });
    });
  }
  timer.Report();
}

// All connections have a timer within the next minute, in the wheels of 1,024
// buckets; each that fires is set again. What is due at one tick at a time, as
// the timer thread finds it: waking, filing again and firing, with nothing of
// it in the cache.
void TimerExpiry(benchmark::State& state) {
  BenchHost host(Connections(state), 1);
  std::vector<TimingWheel> wheels(kBenchBuckets,
                                  TimingWheel(host.connections()));
  BucketDueQueue due(kBenchBuckets);
  std::mt19937 random(1);
  for (const ConnectionIndex index : host.order()) {
    const std::uint32_t bucket = host.connection(index).hash % kBenchBuckets;
    wheels[bucket].Schedule(index, 1 + random() % 60'000);
    due.Lower(BucketId(bucket), wheels[bucket].NextDue());
  }
  // A second of ticks an iteration: filing again comes in bursts.
  constexpr TimerTick kTicks = 4'096;
  TimerTick now = 0;
  BatchTimer timer(state, 0);
  for (auto _ : state) {
    std::size_t fired = 0;
    const auto start = std::chrono::steady_clock::now();
    const TimerTick end = now + kTicks;
    for (; now < end; ++now) {
      for (BucketDue top = due.Top(); top.tick <= now; top = due.Top()) {
        TimingWheel& wheel = wheels[top.bucket.index()];
        wheel.Advance(now, kBatch, [&](ConnectionIndex index) {
          wheel.Schedule(index, now + 60'000);
          ++fired;
        });
        due.Set(top.bucket, wheel.NextDue());
      }
    }
    timer.Add(std::chrono::steady_clock::now() - start, fired);
  }
  timer.Report();
}

BENCHMARK(TimerRefresh)->Arg(1'000)->Arg(100'000)->UseManualTime();
BENCHMARK(TimerExpiryAtOnce)->Arg(1'000)->Arg(100'000)->UseManualTime();
BENCHMARK(TimerExpiry)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
