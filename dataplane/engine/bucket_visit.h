// How somebody looks at what a processor has of a bucket, without a lock on the
// packet path.
#ifndef LB_DATAPLANE_ENGINE_BUCKET_VISIT_H_
#define LB_DATAPLANE_ENGINE_BUCKET_VISIT_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "common/ids.h"
#include "dataplane/core/bucket.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

// On the worker, at a batch's boundary, with the time (ns, monotonic) at which
// the batch began. Changes nothing of the bucket; keeps nothing of it either.
using LookIntoBucket = std::function<void(const Bucket&, std::int64_t now_ns)>;

enum class VisitAnswer : std::uint8_t {
  kNone,     // not yet
  kLooked,   // `look` was called
  kNotHere,  // the bucket is not, or not yet, the processor's
};

// Answered by the worker; the asker may have given up waiting by then, hence
// shared.
struct BucketVisit {
  BucketVisit(BucketId id, LookIntoBucket function, Waiter& waiter)
      : bucket(id), look(std::move(function)), asker(waiter) {}
  const BucketId bucket;
  const LookIntoBucket look;
  std::atomic<VisitAnswer> answer{VisitAnswer::kNone};
  Waiter& asker;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_BUCKET_VISIT_H_
