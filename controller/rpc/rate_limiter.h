// A token bucket for each caller: a call takes a token, and tokens come back
// at a steady rate. Any thread.
#ifndef LB_CONTROLLER_RPC_RATE_LIMITER_H_
#define LB_CONTROLLER_RPC_RATE_LIMITER_H_

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/status/status.h"
#include "common/clock.h"

namespace lb::controller {

class RateLimiter {
 public:
  // One call each `interval` in the long run, `burst` at once.
  RateLimiter(std::chrono::nanoseconds interval, int burst)
      : interval_(interval), tolerance_(interval * (burst - 1)) {}

  // RESOURCE_EXHAUSTED, saying when to come again, if the caller's bucket is
  // empty.
  absl::Status Take(const std::string& caller, MonotonicTime now);

  // Callers remembered. One whose bucket is full is forgotten in time.
  std::size_t size() const;

 private:
  void Forget(MonotonicTime now);

  const std::chrono::nanoseconds interval_;
  const std::chrono::nanoseconds tolerance_;
  mutable std::mutex mutex_;
  // When the caller's bucket will be full again (the "virtual scheduling" form
  // of the generic cell rate algorithm, ITU-T I.371).
  std::unordered_map<std::string, MonotonicTime> full_at_;
  std::size_t forget_at_ = 1'024;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_RATE_LIMITER_H_
