// How the benches take time. One thread.
#ifndef LB_TESTS_BENCH_BATCH_TIMER_H_
#define LB_TESTS_BENCH_BATCH_TIMER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"

namespace lb::dataplane {

// 0 of nothing. Reorders `values`.
inline double Quantile(std::vector<double>& values, double quantile) {
  if (values.empty()) return 0;
  const auto place = std::min(
      values.size() - 1,
      static_cast<std::size_t>(quantile * static_cast<double>(values.size())));
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// Times batches of items, for benches registered with UseManualTime(), and
// reports the median batch as counter "ns", per item. A batch should take from
// one microsecond to some milliseconds: then what else the machine does falls
// on few of them, and shows in the mean but not in the median.
class BatchTimer {
 public:
  BatchTimer(benchmark::State& state, std::size_t items)
      : state_(state), items_(items) {}

  // Runs and times one batch; once per iteration.
  template <class Body>
  void operator()(Body&& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    Add(std::chrono::steady_clock::now() - start, items_);
  }

  // For what was timed elsewhere, or had another number of items.
  void Add(std::chrono::duration<double> took, std::size_t items) {
    state_.SetIterationTime(took.count());
    if (items > 0 && ns_.size() < kMost) {
      ns_.push_back(took.count() * 1e9 / static_cast<double>(items));
    }
  }

  // Once, after the last iteration.
  void Report() { state_.counters["ns"] = Quantile(ns_, 0.5); }

 private:
  static constexpr std::size_t kMost = 1'000'000;

  benchmark::State& state_;
  const std::size_t items_;
  std::vector<double> ns_;  // of an item, by batch
};

// The pace of a thread that hands items to another: it calls Mark() as it goes,
// and the median of spans of about 3,200 items is their time. Where the
// machine's CPUs are shared, either thread is off its CPU at times; that falls
// on few spans.
class PaceMeter {
 public:
  // `items` more are handed over.
  void Mark(std::size_t items) {
    items_ += items;
    if (items_ < kSpan) return;
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double, std::nano> took = now - start_;
    if (started_) ns_.push_back(took.count() / static_cast<double>(items_));
    started_ = true;
    start_ = now;
    items_ = 0;
  }
  // The next span starts afresh.
  void Restart() {
    started_ = false;
    items_ = 0;
  }
  double ns() { return Quantile(ns_, 0.5); }

 private:
  static constexpr std::size_t kSpan = 3'200;

  bool started_ = false;
  std::chrono::steady_clock::time_point start_;
  std::size_t items_ = 0;
  std::vector<double> ns_;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_BENCH_BATCH_TIMER_H_
