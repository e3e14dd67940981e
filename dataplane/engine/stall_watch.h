// Tells when a processor has stalled: work waits for it, and it has completed
// no turn for kStallLimit. Pure; the caller says what time it is.
#ifndef LB_DATAPLANE_ENGINE_STALL_WATCH_H_
#define LB_DATAPLANE_ENGINE_STALL_WATCH_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/clock.h"

namespace lb::dataplane {

inline constexpr std::chrono::seconds kStallLimit{1};

// Sees the processor only when it is asked to look, so it finds a stall late by
// the time between two looks at most, and never one that was not there: work
// seen waiting twice, with no turn completed in between, waited all the while.
class StallWatch {
 public:
  // `turns` changes whenever a turn is completed; `waits`: there is work.
  void Look(std::uint32_t turns, bool waits, MonotonicTime now) {
    if (!waits) {
      since_.reset();
    } else if (!since_.has_value() || turns != turns_) {
      since_ = now;
    }
    turns_ = turns;
    stalled_for_ =
        since_.has_value() ? now - *since_ : MonotonicTime::duration(0);
  }

  // As of the last look.
  bool stalled() const { return stalled_for_ >= kStallLimit; }

 private:
  std::uint32_t turns_ = 0;
  std::optional<MonotonicTime> since_;
  MonotonicTime::duration stalled_for_{0};
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_STALL_WATCH_H_
