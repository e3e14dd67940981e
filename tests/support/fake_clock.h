// A clock that only moves when told to. Any thread may read and advance it.
#ifndef LB_TESTS_SUPPORT_FAKE_CLOCK_H_
#define LB_TESTS_SUPPORT_FAKE_CLOCK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "common/clock.h"

namespace lb {

class FakeClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override {
    return MonotonicTime(std::chrono::nanoseconds(now_ns_.load()));
  }
  // 2026-01-01T00:00:00Z plus what was advanced.
  WallTime Wall() const override {
    return WallTime(std::chrono::seconds(1'767'225'600)) +
           std::chrono::duration_cast<WallTime::duration>(
               std::chrono::nanoseconds(now_ns_.load()));
  }
  void Advance(std::chrono::nanoseconds by) { now_ns_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ns_{0};
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_FAKE_CLOCK_H_
