// Which buckets moved lately: they rest, and do not return, so that automatic
// planning cannot chase its own moves. Pure but for its own state.
#ifndef LB_BALANCE_MOVE_HISTORY_H_
#define LB_BALANCE_MOVE_HISTORY_H_

#include <map>
#include <span>

#include "balance/policy.h"
#include "balance/snapshot.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/plan.h"

namespace lb::balance {

class MoveHistory {
 public:
  // A later move of a bucket replaces an earlier one.
  void Add(std::span<const Move> moves, MonotonicTime when);

  // Marks the buckets that rest and the processors they must not return to.
  // Buckets of a processor out of service are free to go anywhere.
  void Mark(Snapshot& snapshot, const Policy& policy, MonotonicTime now) const;

  // Throws away what neither cooldown nor return time remembers.
  void Forget(const Policy& policy, MonotonicTime now);

 private:
  struct Last {
    ProcessorId from;
    MonotonicTime when;
  };
  std::map<BucketId, Last> moves_;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_MOVE_HISTORY_H_
