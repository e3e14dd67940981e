// Tells when a processor has stalled: work waits for it, and it has completed
// no turn for so long. Pure; the caller says what time it is.
#ifndef LB_DATAPLANE_ENGINE_STALL_WATCH_H_
#define LB_DATAPLANE_ENGINE_STALL_WATCH_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "common/clock.h"

namespace lb::dataplane {

// Sees the processor only when it is asked to look, so it finds a stall late by
// the time between two looks at most, and never one that was not there: work
// seen waiting twice, with no turn completed in between, waited all the while.
class StallWatch {
 public:
  // Between two looks no more than this counts. Where the whole machine stood
  // still for long, as virtual ones do, that is no processor's fault.
  static constexpr std::chrono::milliseconds kLongestGap{250};

  explicit StallWatch(std::chrono::nanoseconds limit) : limit_(limit) {}

  // `turns` changes whenever a turn is completed; `waits`: there is work.
  void Look(std::uint32_t turns, bool waits, MonotonicTime now) {
    if (waits && waited_ && turns == turns_) {
      waiting_ += std::min<MonotonicTime::duration>(now - looked_, kLongestGap);
    } else {
      waiting_ = MonotonicTime::duration(0);
    }
    waited_ = waits;
    turns_ = turns;
    looked_ = now;
  }

  // As of the last look.
  bool stalled() const { return waiting_ >= limit_; }

 private:
  std::chrono::nanoseconds limit_;
  bool waited_ = false;
  std::uint32_t turns_ = 0;
  MonotonicTime looked_;
  MonotonicTime::duration waiting_{0};  // without a turn
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_STALL_WATCH_H_
