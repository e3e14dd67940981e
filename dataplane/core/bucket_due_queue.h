// Which of a processor's buckets has timers due first: what its timer thread
// sleeps for. An indexed 4-ary heap; plain data, called under the processor's
// lock. Allocates only when made.
#ifndef LB_DATAPLANE_CORE_BUCKET_DUE_QUEUE_H_
#define LB_DATAPLANE_CORE_BUCKET_DUE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/timing_wheel.h"

namespace lb::dataplane {

struct BucketDue {
  TimerTick tick = kNever;
  BucketId bucket;
};

// A bucket's tick may be earlier than its wheel's NextDue(), never later. So
// the packet path only calls Lower(), which costs a comparison unless the
// bucket comes due earlier than known; whoever serves the timers calls Set()
// with what NextDue() says afterwards.
class BucketDueQueue {
 public:
  // For ids below `buckets`; about 20 bytes each.
  explicit BucketDueQueue(std::uint32_t buckets);

  // The earliest; tick is kNever if no bucket is due at any time. O(1).
  BucketDue Top() const { return heap_.empty() ? BucketDue{} : heap_.front(); }

  // The bucket comes due at `tick`; kNever is as Remove(). O(log buckets).
  void Set(BucketId bucket, TimerTick tick);

  // The bucket comes due at `tick` at the latest. True if Top() has become
  // earlier, which is when the timer thread must be woken.
  bool Lower(BucketId bucket, TimerTick tick) {
    const std::uint32_t place = places_[bucket.index()];
    if (place != kAbsent && heap_[place].tick <= tick) return false;
    const TimerTick before = Top().tick;
    Set(bucket, tick);
    return tick < before;
  }

  // The bucket belongs to another processor now, or has no timers.
  void Remove(BucketId bucket);

 private:
  static constexpr std::uint32_t kAbsent = 0xffff'ffff;
  static constexpr std::size_t kArity = 4;

  void Put(std::size_t place, const BucketDue& due);
  void SiftUp(std::size_t place, const BucketDue& due);
  void SiftDown(std::size_t place, const BucketDue& due);

  std::vector<BucketDue> heap_;
  std::vector<std::uint32_t> places_;  // by BucketId: index into heap_
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_BUCKET_DUE_QUEUE_H_
