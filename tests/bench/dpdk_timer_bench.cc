// DPDK's timers, as timer_bench.cc has ours. They run on the real clock.
#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_timer.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "benchmark/benchmark.h"
#include "tests/bench/batch_timer.h"
#include "tests/bench/dpdk_env.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kBatch = 64;

std::uint64_t fired = 0;

void Fire(rte_timer*, void*) { ++fired; }

// Timers as far apart as our connection records, on huge pages, in random
// order.
class Timers {
 public:
  explicit Timers(std::int64_t count)
      : bytes_(static_cast<std::size_t>(count) * sizeof(Record)),
        records_(static_cast<Record*>(
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, /*fd=*/-1, 0))) {
    ::madvise(records_, bytes_, MADV_HUGEPAGE);
    for (std::int64_t i = 0; i < count; ++i) {
      rte_timer_init(&records_[i].timer);
      order_.push_back(&records_[i].timer);
    }
    std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
  }
  ~Timers() {
    for (rte_timer* timer : order_) rte_timer_stop(timer);
    ::munmap(records_, bytes_);
  }
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  const std::vector<rte_timer*>& order() const { return order_; }

 private:
  struct alignas(64) Record {
    rte_timer timer;
  };

  const std::size_t bytes_;
  Record* const records_;
  std::vector<rte_timer*> order_;
};

void Set(rte_timer* timer, std::uint64_t cycles, rte_timer_cb_t callback) {
  rte_timer_reset(timer, cycles, SINGLE, rte_lcore_id(), callback, nullptr);
}

// Puts pending timers off by a minute, in random order.
void TimerReset(benchmark::State& state) {
  StartDpdk();
  Timers timers(state.range(0));
  const std::uint64_t minute = 60 * rte_get_timer_hz();
  for (rte_timer* timer : timers.order()) Set(timer, minute, Fire);
  std::size_t next = 0;
  BatchTimer batch_timer(state, kBatch);
  for (auto _ : state) {
    batch_timer([&] {
      for (std::size_t i = 0; i < kBatch; ++i) {
        Set(timers.order()[next], minute, Fire);
        if (++next == timers.order().size()) next = 0;
      }
    });
  }
  batch_timer.Report();
}

// Timers due at random within some milliseconds fire in one go, after all are
// due.
void TimerExpiryAtOnce(benchmark::State& state) {
  StartDpdk();
  Timers timers(state.range(0));
  std::mt19937 random(1);
  const auto range = static_cast<std::uint32_t>(rte_get_timer_hz() / 1'000);
  BatchTimer batch_timer(state, timers.order().size());
  for (auto _ : state) {
    for (rte_timer* timer : timers.order()) Set(timer, random() % range, Fire);
    const std::uint64_t end = rte_get_timer_cycles() + range;
    while (rte_get_timer_cycles() < end) benchmark::ClobberMemory();
    fired = 0;
    batch_timer([&] { rte_timer_manage(); });
    if (fired != timers.order().size()) {
      state.SkipWithError("not all timers fired");
      return;
    }
  }
  batch_timer.Report();
}

// All timers are due at random within half a second and each that fires is set
// again for half a second later: what is due is served at once.
void TimerExpiry(benchmark::State& state) {
  StartDpdk();
  Timers timers(state.range(0));
  static std::uint64_t period = 0;
  period = rte_get_timer_hz() / 2;
  const auto again = [](rte_timer* timer, void*) {
    ++fired;
    rte_timer_reset(timer, period, SINGLE, rte_lcore_id(), timer->f, nullptr);
  };
  std::mt19937 random(1);
  // Far away first: setting them all takes a while.
  for (rte_timer* timer : timers.order()) {
    Set(timer, 2 * period + random() % period, again);
  }
  const std::uint64_t start = rte_get_timer_cycles();
  while (rte_get_timer_cycles() < start + 2 * period) rte_timer_manage();
  BatchTimer batch_timer(state, 0);
  for (auto _ : state) {
    fired = 0;
    std::uint64_t busy = 0;
    std::uint64_t before = rte_get_timer_cycles();
    const std::uint64_t end = before + period / 8;
    while (before < end) {
      const std::uint64_t fired_before = fired;
      rte_timer_manage();
      const std::uint64_t now = rte_get_timer_cycles();
      if (fired > fired_before) busy += now - before;
      before = now;
    }
    batch_timer.Add(
        std::chrono::duration<double>(static_cast<double>(busy) /
                                      static_cast<double>(rte_get_timer_hz())),
        fired);
  }
  batch_timer.Report();
}

BENCHMARK(TimerReset)
    ->Name("dpdk/TimerReset")
    ->Arg(1'000)
    ->Arg(100'000)
    ->UseManualTime();
BENCHMARK(TimerExpiryAtOnce)
    ->Name("dpdk/TimerExpiryAtOnce")
    ->Arg(1'000)
    ->Arg(100'000)
    ->UseManualTime();
BENCHMARK(TimerExpiry)
    ->Name("dpdk/TimerExpiry")
    ->Arg(10'000)
    ->Arg(100'000)
    ->UseManualTime();

}  // namespace
}  // namespace lb::dataplane
