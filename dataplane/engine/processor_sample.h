// What a processor tells the control thread about itself.
#ifndef LB_DATAPLANE_ENGINE_PROCESSOR_SAMPLE_H_
#define LB_DATAPLANE_ENGINE_PROCESSOR_SAMPLE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "common/counters.h"
#include "common/load.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

// Always-on sums of one processor since the start; plain data of its worker.
// Balance: taken_in + adopted = served + dropped + handed_over + waiting,
// where waiting is counted apart, by the queues themselves. What does not add
// up is lost.
struct ProcessorCounters {
  std::uint64_t taken_in = 0;     // popped from rings
  std::uint64_t adopted = 0;      // came with buckets
  std::uint64_t handed_over = 0;  // left with buckets
  std::uint64_t served = 0;
  std::uint64_t bytes = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
  std::uint64_t reordered = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t connections_made = 0;
  std::array<std::uint64_t, kUnsentReasons> unsent{};  // as far as it knows
  // Thrown away after a takeover, each connection with its timer.
  std::uint64_t connections_taken_over = 0;
  std::uint64_t timers_taken_over = 0;
};

struct ProcessorSample {
  ProcessorCounters counters;
  std::uint64_t waiting = 0;  // queued or held right now
  SampleStatistics statistics;
  std::uint64_t packets = 0;        // served in the interval
  std::int64_t busy_ns = 0;         // in the interval
  std::int64_t sleep_ns = 0;        // in the interval, voluntary
  std::int64_t wall_ns = 0;         // length of the processor's interval
  std::int64_t cpu_ns = 0;          // both threads, in the interval
  bool saturated = false;           // never went to sleep in the interval
  std::vector<BucketLoad> buckets;  // those with load or arrivals
};

// Filled by the worker at a batch's boundary; the control thread may have
// given up waiting by then, hence shared.
struct SampleReply {
  explicit SampleReply(Waiter& waiter) : control(waiter) {}
  ProcessorSample sample;  // valid once `filled`
  std::atomic<bool> filled{false};
  Waiter& control;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_PROCESSOR_SAMPLE_H_
