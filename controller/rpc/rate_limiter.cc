#include "controller/rpc/rate_limiter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {

absl::Status RateLimiter::Take(const std::string& caller, MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  if (full_at_.size() >= forget_at_) Forget(now);
  MonotonicTime& full_at = full_at_.try_emplace(caller, now).first->second;
  full_at = std::max(full_at, now);
  if (full_at - now > tolerance_) {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(
        full_at - now - tolerance_);
    return WithReason(
        absl::ResourceExhaustedError(absl::StrCat(
            caller, " asks too often; come again in ", wait.count(), " ms")),
        "RATE_LIMITED");
  }
  full_at += interval_;
  return absl::OkStatus();
}

std::size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return full_at_.size();
}

void RateLimiter::Forget(MonotonicTime now) {
  std::erase_if(full_at_,
                [now](const auto& entry) { return entry.second <= now; });
  forget_at_ = std::max<std::size_t>(1'024, 2 * full_at_.size());
}

}  // namespace lb::controller
