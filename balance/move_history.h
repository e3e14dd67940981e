// Which buckets moved lately: they rest, and do not return, so that automatic
// planning cannot chase its own moves. Pure but for its own state.
#ifndef LB_BALANCE_MOVE_HISTORY_H_
#define LB_BALANCE_MOVE_HISTORY_H_

#include <map>
#include <optional>
#include <span>

#include "balance/policy.h"
#include "balance/snapshot.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/plan.h"

namespace lb::balance {

class MoveHistory {
 public:
  // The last two moves of a bucket are remembered.
  void Add(std::span<const Move> moves, MonotonicTime when);

  // Marks the buckets that rest and the processors they must not return to. One
  // that has moved twice rests until the first move is a return time old, so
  // that it cannot come back by a detour either. Buckets of a processor out of
  // service are free to go anywhere.
  void Mark(Snapshot& snapshot, const Policy& policy, MonotonicTime now) const;

  // Throws away what neither cooldown nor return time remembers.
  void Forget(const Policy& policy, MonotonicTime now);

 private:
  struct Last {
    ProcessorId from;
    MonotonicTime when;
    std::optional<MonotonicTime> before;  // when it moved before that
  };
  std::map<BucketId, Last> moves_;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_MOVE_HISTORY_H_
