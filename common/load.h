// What a host measured over one interval. Pure values.
#ifndef LB_COMMON_LOAD_H_
#define LB_COMMON_LOAD_H_

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/counters.h"
#include "common/ids.h"

namespace lb {

// Statistics of a processor's 10 ms samples of busy / wall time, in CPUs (so
// 0..1 whatever the capacity). Exact sums, so that intervals merge by adding.
struct SampleStatistics {
  std::uint64_t count = 0;
  double mean = 0;
  double standard_deviation = 0;    // of the samples, n - 1 in the denominator
  double lag1_autocorrelation = 0;  // 0 with fewer than 3 samples
};

struct ProcessorLoad {
  std::chrono::nanoseconds busy{0};         // serving, timers, taking in rings
  std::uint32_t capacity_permille = 1'000;  // measured C_i
  SampleStatistics samples;
  bool in_service = true;  // false: stalled; draining changes nothing here
  // No turn completed for a second although work waited, and none since.
  bool stalled = false;
  std::uint64_t packets = 0;
  std::uint64_t backlog_packets = 0;  // waiting at the end of the interval
};

// Offered load: arrivals (dropped ones included) x mean service time.
struct BucketLoad {
  BucketId bucket;
  std::uint64_t load_ns_per_s = 0;
  std::uint64_t packets = 0;  // arrivals in the interval
  std::uint32_t connections = 0;
  bool lower_bound = false;  // some drops could not be attributed
};

struct DispatcherLoad {
  std::chrono::nanoseconds busy{0};
  std::uint64_t packets = 0;
};

// Buckets taken from a processor that completed no turn for a second although
// work waited. What they held was dropped; they began afresh elsewhere.
struct Takeover {
  ProcessorId processor;
  std::uint32_t buckets = 0;
  std::uint64_t packets = 0;      // waiting in its rings and queues
  std::uint64_t connections = 0;  // each with its timer
};

// One interval of one host; belongs to exactly one table when `table_start`
// equals `table_end`. Times are of the host's monotonic clock.
struct LoadSample {
  std::chrono::nanoseconds start{0};
  std::chrono::nanoseconds end{0};
  Digest table_start;
  Digest table_end;
  std::vector<ProcessorLoad> processors;  // by ProcessorId
  std::vector<BucketLoad> buckets;        // only those with load or arrivals
  std::vector<DispatcherLoad> dispatchers;
  Counters counters;                // sums since the data plane started
  std::vector<Takeover> takeovers;  // since the sample before
};

}  // namespace lb

#endif  // LB_COMMON_LOAD_H_
