#include "dataplane/core/bucket_due_queue.h"

#include <algorithm>

namespace lb::dataplane {

BucketDueQueue::BucketDueQueue(std::uint32_t buckets)
    : places_(buckets, kAbsent) {
  heap_.reserve(buckets);
}

void BucketDueQueue::Set(BucketId bucket, TimerTick tick) {
  if (tick == kNever) return Remove(bucket);
  std::uint32_t& place = places_[bucket.index()];
  if (place == kAbsent) {
    place = static_cast<std::uint32_t>(heap_.size());
    heap_.push_back({tick, bucket});
    return SiftUp(place, {tick, bucket});
  }
  if (tick < heap_[place].tick) {
    SiftUp(place, {tick, bucket});
  } else {
    SiftDown(place, {tick, bucket});
  }
}

void BucketDueQueue::Remove(BucketId bucket) {
  const std::uint32_t place = places_[bucket.index()];
  if (place == kAbsent) return;
  places_[bucket.index()] = kAbsent;
  const BucketDue last = heap_.back();
  heap_.pop_back();
  if (last.bucket == bucket) return;
  if (last.tick < heap_[place].tick) {
    SiftUp(place, last);
  } else {
    SiftDown(place, last);
  }
}

void BucketDueQueue::Put(std::size_t place, const BucketDue& due) {
  heap_[place] = due;
  places_[due.bucket.index()] = static_cast<std::uint32_t>(place);
}

void BucketDueQueue::SiftUp(std::size_t place, const BucketDue& due) {
  while (place > 0) {
    const std::size_t parent = (place - 1) / kArity;
    if (heap_[parent].tick <= due.tick) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, due);
}

void BucketDueQueue::SiftDown(std::size_t place, const BucketDue& due) {
  for (;;) {
    const std::size_t first = place * kArity + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = std::min(first + kArity, heap_.size());
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child].tick < heap_[least].tick) least = child;
    }
    if (heap_[least].tick >= due.tick) break;
    Put(place, heap_[least]);
    place = least;
  }
  Put(place, due);
}

}  // namespace lb::dataplane
