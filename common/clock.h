// Time as a seam: production reads the kernel's clocks, tests a fake one.
#ifndef LB_COMMON_CLOCK_H_
#define LB_COMMON_CLOCK_H_

#include <chrono>
#include <string>

namespace lb {

using MonotonicTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Any thread may call a Clock. Deadlines and leases use Monotonic(); Wall() is
// only for what people read.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime Monotonic() const = 0;
  virtual WallTime Wall() const = 0;
};

// The machine's clocks; lives for the whole process.
const Clock& SystemClock();

// UTC, RFC 3339 with milliseconds: "2026-11-22T12:40:59.123Z".
std::string FormatWallTime(WallTime time);

}  // namespace lb

#endif  // LB_COMMON_CLOCK_H_
