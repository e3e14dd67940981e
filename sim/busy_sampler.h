// Cuts a processor's busy time into 10 ms samples and keeps their statistics,
// as the data plane does, in exact sums. Plain data; pure.
#ifndef LB_SIM_BUSY_SAMPLER_H_
#define LB_SIM_BUSY_SAMPLER_H_

#include <cstdint>

#include "common/load.h"

namespace lb::sim {

inline constexpr std::int64_t kSampleNs = 10'000'000;

// Slots start at the interval's start; the unfinished one at its end counts in
// no sample. Times are ns of the simulation.
class BusySampler {
 public:
  explicit BusySampler(std::int64_t start_ns) : slot_start_ns_(start_ns) {}

  // The processor was busy from `start_ns` until `end_ns` and got `permille`
  // of its CPU meanwhile. Calls come in order of time and do not overlap.
  void AddBusy(std::int64_t start_ns, std::int64_t end_ns,
               std::uint32_t permille);

  // Closes the slots up to `now_ns`; an interval of at most a minute and a
  // half. CPU time of slots not closed yet counts in cpu_ns() all the same.
  SampleStatistics Finish(std::int64_t now_ns);

  std::int64_t cpu_ns() const { return cpu_ns_; }
  std::int64_t wall_ns() const { return wall_ns_; }

 private:
  void AdvanceTo(std::int64_t now_ns);
  void CloseSlot();

  std::int64_t slot_start_ns_;
  std::int64_t slot_cpu_ns_ = 0;
  std::int64_t cpu_ns_ = 0;
  std::int64_t wall_ns_ = 0;  // during which it was busy
  // Sums over closed slots of x, x * x, and x times its predecessor, x in ns.
  std::int64_t count_ = 0;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  std::int64_t sum_ = 0;
  std::int64_t squares_ = 0;
  std::int64_t products_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_BUSY_SAMPLER_H_
