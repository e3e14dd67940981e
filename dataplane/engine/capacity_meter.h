// How much of a CPU a processor can really get. Pure.
#ifndef LB_DATAPLANE_ENGINE_CAPACITY_METER_H_
#define LB_DATAPLANE_ENGINE_CAPACITY_METER_H_

#include <cstdint>

namespace lb::dataplane {

// CPU time got / (wall time - voluntary sleep), per interval, at most the
// configured limit. It falls at once and rises at most 1% an interval, so that
// a throttled CPU cannot look idle and attract load. 85% and more counts as
// all of a CPU where the processor was not saturated: what is missing is then
// the noise of a shared machine.
class CapacityMeter {
 public:
  // In thousandths of a CPU, 1 to 1000.
  explicit CapacityMeter(std::uint32_t limit_permille)
      : limit_permille_(limit_permille), permille_(limit_permille) {}

  struct Interval {
    std::int64_t wall_ns = 0;
    std::int64_t sleep_ns = 0;  // voluntary
    std::int64_t cpu_ns = 0;
    bool saturated = false;  // work was waiting throughout
  };

  // Takes in one interval and returns the capacity, in thousandths of a CPU.
  // An interval with less than 1 ms awake tells nothing and changes nothing.
  std::uint32_t Update(const Interval& interval);

  std::uint32_t permille() const { return permille_; }

 private:
  const std::uint32_t limit_permille_;
  std::uint32_t permille_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_CAPACITY_METER_H_
