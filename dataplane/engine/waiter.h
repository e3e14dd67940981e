// Lets one thread sleep until another has something for it, without a system
// call while nobody sleeps.
#ifndef LB_DATAPLANE_ENGINE_WAITER_H_
#define LB_DATAPLANE_ENGINE_WAITER_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "dataplane/engine/store_load_fence.h"

namespace lb::dataplane {

// One sleeper, any number of notifiers. The sleeper:
//
//   waiter.Prepare();
//   if (nothing to do) waiter.Sleep(limit); else waiter.Cancel();
//
// A notifier first makes its work visible, by a sequentially consistent store
// or by any store and a StoreLoadFence(), then calls Notify(). The sleeper's
// Prepare() fences too, so either the sleeper sees the work or the notifier
// sees the sleeper.
class alignas(64) Waiter {  // what notifiers look at, and nothing else
 public:
  // Sleeper: announces that it is about to sleep.
  void Prepare() {
    state_.store(kSleeping, std::memory_order_seq_cst);
    StoreLoadFence();
  }

  // Sleeper: there is work after all.
  void Cancel() { state_.store(kAwake, std::memory_order_relaxed); }

  // Sleeper: sleeps until notified since Prepare(), or for `limit`; without a
  // limit for as long as it takes. May wake early.
  void Sleep(std::optional<std::chrono::nanoseconds> limit);

  // Any thread: wakes the sleeper if there is one.
  void Notify() {
    if (state_.load(std::memory_order_seq_cst) == kSleeping) Wake();
  }

 private:
  static constexpr std::uint32_t kAwake = 0;
  static constexpr std::uint32_t kSleeping = 1;

  void Wake();

  std::atomic<std::uint32_t> state_{kAwake};
};

// The sleeper: sleeps until `done()`, which a notifier makes true; false when
// `limit` has passed before.
bool WaitFor(Waiter& waiter, std::chrono::nanoseconds limit,
             const std::function<bool()>& done);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_WAITER_H_
