// Messages to a processor's worker: rare, so a mutex does; looking whether
// there are any costs one load.
#ifndef LB_DATAPLANE_ENGINE_MAILBOX_H_
#define LB_DATAPLANE_ENGINE_MAILBOX_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "common/fair_queue_limits.h"
#include "dataplane/core/bucket.h"
#include "dataplane/engine/bucket_visit.h"
#include "dataplane/engine/move_batch.h"
#include "dataplane/engine/processor_sample.h"

namespace lb::dataplane {

// From the control thread: hold what arrives for the batch's moves to you.
struct ExpectBuckets {
  std::shared_ptr<MoveBatch> batch;
};

// From the control thread, after the table changed to `version`: hand over the
// batch's moves from you once every dispatcher has passed that version.
struct ReleaseBuckets {
  std::shared_ptr<MoveBatch> batch;
  std::uint64_t version = 0;
};

// From another processor: a bucket, whole. The bucket stays where it is in
// memory, with its wheel, and so do its connections with their queues and
// debts; what moves is the right to touch them.
struct AdoptBucket {
  std::shared_ptr<MoveBatch> batch;
  std::size_t move = 0;  // index into batch->moves()
  Bucket* bucket = nullptr;
  std::uint64_t packets = 0;  // waiting in the bucket's queues
};

// From the control thread, before the table says so: these are yours now. One
// that you still have, because it was to leave, you keep; any other begins
// afresh.
struct OwnBuckets {
  std::vector<BucketId> buckets;
};

// From the control thread to a processor it has fenced: the table of `version`
// gives you nothing. Once all from before is thrown away, rejoin and answer.
struct ComeBack {
  std::uint64_t version = 0;
  std::shared_ptr<SampleReply> reply;
};

// From the control thread: close the interval and fill the reply.
struct TakeSample {
  std::shared_ptr<SampleReply> reply;
};

// From the control thread: let the fair queue follow these.
struct LimitQueue {
  FairQueueLimits limits;
};

// From a query thread: answer the visit.
struct VisitBucket {
  std::shared_ptr<BucketVisit> visit;
};

using Mail =
    std::variant<ExpectBuckets, ReleaseBuckets, AdoptBucket, OwnBuckets,
                 ComeBack, TakeSample, LimitQueue, VisitBucket>;

class Mailbox {
 public:
  // Any thread. The caller notifies the receiver's waiter afterwards.
  void Put(Mail mail) {
    const std::lock_guard lock(mutex_);
    mails_.push_back(std::move(mail));
    any_.store(true, std::memory_order_seq_cst);
  }

  // The receiver, before it sleeps.
  bool EmptyForSleep() const { return !any_.load(std::memory_order_seq_cst); }
  bool any() const { return any_.load(std::memory_order_relaxed); }

  // The receiver. In the order they were put.
  std::vector<Mail> TakeAll() {
    const std::lock_guard lock(mutex_);
    any_.store(false, std::memory_order_relaxed);
    return std::exchange(mails_, {});
  }

  // Any thread: looks at what is there. `visit` must not put anything.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    const std::lock_guard lock(mutex_);
    for (const Mail& mail : mails_) visit(mail);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Mail> mails_;
  std::atomic<bool> any_{false};
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_MAILBOX_H_
