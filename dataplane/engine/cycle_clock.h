// Nanoseconds from the time-stamp counter: 9 ns a reading instead of 21.
#ifndef LB_DATAPLANE_ENGINE_CYCLE_CLOCK_H_
#define LB_DATAPLANE_ENGINE_CYCLE_CLOCK_H_

#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "common/int128.h"

namespace lb::dataplane {

// Runs beside the monotonic clock: same origin, and a rate calibrated against
// it when the clock is made, so the two drift apart by about a part in 10,000.
// For durations and time stamps within a run. Const methods, any thread.
class CycleClock {
 public:
  // Falls back to the monotonic clock where the counter does not run at a
  // constant rate. The first call takes 10 ms to calibrate.
  static const CycleClock& Get();

  std::int64_t NowNs() const {
#if defined(__x86_64__)
    if (scale_ != 0) {
      const std::uint64_t cycles = __rdtsc() - origin_cycles_;
      return origin_ns_ + static_cast<std::int64_t>(
                              (static_cast<Uint128>(cycles) * scale_) >> 32);
    }
#endif
    return MonotonicNs();
  }

 private:
  CycleClock();
  static std::int64_t MonotonicNs();

  std::uint64_t scale_ = 0;  // ns per cycle x 2^32; 0: use the kernel's clock
  std::uint64_t origin_cycles_ = 0;
  std::int64_t origin_ns_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_CYCLE_CLOCK_H_
