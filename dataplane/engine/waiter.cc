#include "dataplane/engine/waiter.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "common/clock.h"

namespace lb::dataplane {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

}  // namespace

void Waiter::Sleep(std::optional<std::chrono::nanoseconds> limit) {
  std::timespec timeout{};
  if (limit.has_value()) {
    const auto ns = std::max(limit->count(), std::int64_t{0});
    timeout.tv_sec = ns / 1'000'000'000;
    timeout.tv_nsec = ns % 1'000'000'000;
  }
  // EAGAIN (notified before we slept), EINTR and ETIMEDOUT all mean the same
  // to the caller: look again.
  syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, kSleeping,
          limit.has_value() ? &timeout : nullptr, nullptr, 0);
  state_.store(kAwake, std::memory_order_relaxed);
}

void Waiter::Wake() {
  std::uint32_t expected = kSleeping;
  if (state_.compare_exchange_strong(expected, kAwake,
                                     std::memory_order_seq_cst)) {
    syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
}

bool WaitFor(Waiter& waiter, std::chrono::nanoseconds limit,
             const std::function<bool()>& done) {
  const MonotonicTime deadline = SystemClock().Monotonic() + limit;
  while (true) {
    waiter.Prepare();
    if (done()) {
      waiter.Cancel();
      return true;
    }
    const auto left = deadline - SystemClock().Monotonic();
    if (left <= std::chrono::nanoseconds(0)) {
      waiter.Cancel();
      return false;
    }
    waiter.Sleep(left);
  }
}

}  // namespace lb::dataplane
