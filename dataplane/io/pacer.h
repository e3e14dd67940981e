// Keeps a source to its schedule. One thread.
#ifndef LB_DATAPLANE_IO_PACER_H_
#define LB_DATAPLANE_IO_PACER_H_

#include <chrono>
#include <optional>

#include "common/clock.h"

namespace lb::dataplane {

// Sleeping as a seam: production asks the kernel, a test lets its fake clock
// pass instead. Any thread.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  virtual void Sleep(std::chrono::nanoseconds time) const = 0;
};

// The kernel's; lives for the whole process.
const Sleeper& SystemSleeper();

// What a paced source counts time with. Both must outlive the source.
struct Timing {
  const Clock& clock;
  const Sleeper& sleeper;
};
inline Timing SystemTiming() { return {SystemClock(), SystemSleeper()}; }

class Pacer {
 public:
  explicit Pacer(Timing timing) : timing_(timing) {}

  // Time since the first call, which returns 0.
  std::chrono::nanoseconds Elapsed();

  // Packets due within so short a time cost one wake together.
  static constexpr std::chrono::microseconds kGrain{500};

  // Sleeps until Elapsed() is `due`, kGrain at least unless it is due already,
  // and `limit` at most; no value: `limit`.
  void SleepUntil(std::optional<std::chrono::nanoseconds> due,
                  std::chrono::nanoseconds limit);

 private:
  Timing timing_;
  std::optional<MonotonicTime> start_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_PACER_H_
