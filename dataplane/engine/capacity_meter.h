// How much of a CPU a processor can really get. Pure.
#ifndef LB_DATAPLANE_ENGINE_CAPACITY_METER_H_
#define LB_DATAPLANE_ENGINE_CAPACITY_METER_H_

#include <cstdint>

namespace lb::dataplane {

// CPU time got / (wall time - voluntary sleep), at most the configured limit,
// at least the CPU time got / wall time, which is proof. It falls at once and
// rises by at most a hundredth of a CPU a second, so that a throttled CPU
// cannot look idle and attract load. 85% and more counts as all of a CPU where
// the processor was not saturated: what is missing is then the noise of a
// shared machine. Intervals are taken together until they make half a second:
// one preemption in the sliver of an interval is no slow CPU.
class CapacityMeter {
 public:
  // In thousandths of a CPU, 1 to 1000.
  explicit CapacityMeter(std::uint32_t limit_permille)
      : limit_permille_(limit_permille), permille_(limit_permille) {}

  struct Interval {
    std::int64_t wall_ns = 0;
    std::int64_t sleep_ns = 0;  // voluntary
    std::int64_t cpu_ns = 0;
    bool saturated = true;  // work was waiting throughout
  };

  // Takes in one interval and returns the capacity, in thousandths of a CPU.
  // Half a second with less than 1 ms awake tells nothing and changes nothing.
  std::uint32_t Update(const Interval& interval);

  std::uint32_t permille() const { return permille_; }

 private:
  std::int64_t Measure(const Interval& interval) const;

  const std::uint32_t limit_permille_;
  std::uint32_t permille_;
  Interval sum_;  // of what has not been measured yet
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_CAPACITY_METER_H_
