// Cuts a processor's busy time into 10 ms samples and keeps their statistics.
// Plain data of the processor; pure.
#ifndef LB_DATAPLANE_ENGINE_UTILIZATION_SAMPLER_H_
#define LB_DATAPLANE_ENGINE_UTILIZATION_SAMPLER_H_

#include <cstdint>

#include "common/load.h"

namespace lb::dataplane {

inline constexpr std::int64_t kSampleNs = 10'000'000;

// A sample is busy / wall time of one slot of kSampleNs. Slots start at the
// interval's start; the unfinished slot at its end counts in no sample, though
// its busy time counts in busy_ns(). Times are ns on one clock.
class UtilizationSampler {
 public:
  UtilizationSampler() = default;
  explicit UtilizationSampler(std::int64_t start_ns)
      : slot_start_ns_(start_ns) {}

  // The processor was busy for `busy_ns` in all, spread evenly over
  // [start_ns, end_ns). Calls come in order of time.
  void AddBusy(std::int64_t start_ns, std::int64_t end_ns,
               std::int64_t busy_ns);

  // Everything up to now_ns that was not reported busy was idle.
  void AdvanceTo(std::int64_t now_ns);

  std::int64_t busy_ns() const { return busy_ns_; }
  SampleStatistics Statistics() const;

  // Forgets everything; a new interval starts.
  void Restart(std::int64_t start_ns);

 private:
  void CloseSlot();

  std::int64_t slot_start_ns_ = 0;
  std::int64_t slot_busy_ns_ = 0;
  std::int64_t busy_ns_ = 0;
  // Sums over closed slots of x, x * x, and x times its predecessor.
  std::uint64_t count_ = 0;
  double first_ = 0;
  double last_ = 0;
  double sum_ = 0;
  double squares_ = 0;
  double products_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_UTILIZATION_SAMPLER_H_
