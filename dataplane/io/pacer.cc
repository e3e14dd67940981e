#include "dataplane/io/pacer.h"

#include <algorithm>
#include <thread>

namespace lb::dataplane {
namespace {

class KernelSleeper final : public Sleeper {
 public:
  void Sleep(std::chrono::nanoseconds time) const override {
    std::this_thread::sleep_for(time);
  }
};

}  // namespace

const Sleeper& SystemSleeper() {
  static const KernelSleeper sleeper;
  return sleeper;
}

std::chrono::nanoseconds Pacer::Elapsed() {
  const MonotonicTime now = timing_.clock.Monotonic();
  if (!start_) start_ = now;
  return now - *start_;
}

void Pacer::SleepUntil(std::optional<std::chrono::nanoseconds> due,
                       std::chrono::nanoseconds limit) {
  if (!due) {
    timing_.sleeper.Sleep(limit);
    return;
  }
  const std::chrono::nanoseconds time = *due - Elapsed();
  if (time <= time.zero()) return;
  timing_.sleeper.Sleep(
      std::min(std::max<std::chrono::nanoseconds>(time, kGrain), limit));
}

}  // namespace lb::dataplane
