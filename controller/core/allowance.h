// How often something may be done: a burst at once, then once per interval;
// what is too much is counted. Thread-compatible.
#ifndef LB_CONTROLLER_CORE_ALLOWANCE_H_
#define LB_CONTROLLER_CORE_ALLOWANCE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "common/clock.h"

namespace lb::controller {

class Allowance {
 public:
  // `burst` is at least 1.
  Allowance(std::chrono::nanoseconds interval, int burst)
      : interval_(interval), slack_(interval * (burst - 1)) {}

  // How many were too many since the last one that was not; none if this one
  // is too many, too.
  std::optional<std::uint64_t> Take(MonotonicTime now) {
    if (paid_until_ > now + slack_) {
      ++too_many_;
      return std::nullopt;
    }
    paid_until_ = std::max(paid_until_, now) + interval_;
    return std::exchange(too_many_, 0);
  }

  // A whole burst is free.
  bool Idle(MonotonicTime now) const { return paid_until_ <= now; }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds slack_;
  MonotonicTime paid_until_;
  std::uint64_t too_many_ = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_ALLOWANCE_H_
