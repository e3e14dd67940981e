// Lets a fake clock pass instead of sleeping.
#ifndef LB_TESTS_DATAPLANE_FAKE_SLEEPER_H_
#define LB_TESTS_DATAPLANE_FAKE_SLEEPER_H_

#include <chrono>
#include <vector>

#include "dataplane/io/pacer.h"
#include "tests/support/fake_clock.h"

namespace lb::dataplane {

class FakeSleeper final : public Sleeper {
 public:
  explicit FakeSleeper(FakeClock& clock) : clock_(clock) {}

  void Sleep(std::chrono::nanoseconds time) const override {
    slept_.push_back(time);
    clock_.Advance(time);
  }
  // Every sleep so far.
  const std::vector<std::chrono::nanoseconds>& slept() const { return slept_; }

 private:
  FakeClock& clock_;
  mutable std::vector<std::chrono::nanoseconds> slept_;
};

// A clock that passes only by sleeping.
struct FakeTime {
  FakeClock clock;
  FakeSleeper sleeper{clock};
  Timing timing() const { return {clock, sleeper}; }
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_FAKE_SLEEPER_H_
