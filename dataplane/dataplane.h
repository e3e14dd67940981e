// The seam between what a host does with packets and who decides where
// buckets go. Implementations: user-space workers (engine/), kernel CPUs
// through XDP later.
#ifndef LB_DATAPLANE_DATAPLANE_H_
#define LB_DATAPLANE_DATAPLANE_H_

#include <cstddef>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "common/fair_queue_limits.h"
#include "common/flow_key.h"
#include "common/flow_trace.h"
#include "common/ids.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"

namespace lb::dataplane {

// One control thread at a time calls Sample(), TakeOverStalled(), Apply(),
// SetFairQueue() and SetDrained(); one query thread at a time, which may be
// another, Trace() and Heaviest(); the const methods any thread.
class Dataplane {
 public:
  // Heaviest() tells so many at most.
  static constexpr std::size_t kMaxHeaviest = 100;

  virtual ~Dataplane() = default;

  // Fixed for the life of the data plane.
  virtual const Layout& layout() const = 0;

  // The table in force. During Apply() this is already the new one.
  virtual Table table() const = 0;

  // Closes the current interval, opens the next one and returns what was
  // measured in between. It waits for every processor to finish its batch,
  // which takes milliseconds; for one that does not, up to a second and a
  // quarter. By then it has stalled, and its buckets are taken over, unless
  // there was nothing for it to do.
  virtual LoadSample Sample() = 0;

  // Gives the buckets of every processor that completed no turn for a second,
  // although work waited, to those in service. What the buckets held is
  // dropped, with reason takeover, and the processor is out of service until it
  // answers again. Nothing happens while no other is in service. True if the
  // table has changed; the next sample tells of it. Does not block. To be
  // called five times a second: a stall is timed from when it is first seen.
  virtual bool TakeOverStalled() = 0;

  // Moves buckets until `next` is in force and tells what became of every
  // move; blocks until the last move is done, taken over, or given up after
  // 5 s. Packets flow meanwhile. Processors that stall are taken over, so the
  // table in force afterwards may not be `next`; the result has its digest.
  // Errors move nothing: INVALID_ARGUMENT if `next` does not fit the layout;
  // FAILED_PRECONDITION if it gives buckets to a processor out of service, or
  // moves given up are still under way; ABORTED if the table changed by
  // takeover before the first move; DEADLINE_EXCEEDED if a processor did not
  // answer.
  virtual absl::StatusOr<ApplyResult> Apply(const Table& next) = 0;

  // Every processor's fair queue follows these limits from its next batch on.
  // The quantum is 0 or within its range. Of packets no more may wait than the
  // buffers allow, whatever the limit; where sources can wait, it does not
  // apply, for nothing of theirs is dropped for want of room. What waits beyond
  // a lowered limit is not dropped at once: until the queue fits, every arrival
  // costs one packet. Does not block.
  virtual void SetFairQueue(const FairQueueLimits& limits) = 0;

  // The processors, of this layout, that are to hold no buckets: from now on,
  // until they are set anew, a takeover gives them none of a stalled
  // processor's, unless no other is in service. Nothing else changes: what they
  // hold they keep until a plan moves it, plans may give them more, and samples
  // show them in service. Does not block.
  virtual void SetDrained(std::span<const ProcessorId> processors) = 0;

  // Where packets of this key go, whichever direction of a connection it is
  // where both have one key, and the connection, if the host knows it at
  // present. Packets and buckets flow meanwhile: the processor told is the one
  // that had the bucket when it was asked. Blocks for a batch, or until a
  // bucket under way has arrived. DEADLINE_EXCEEDED if a processor does not
  // answer within 10 s, CANCELLED when the data plane stops.
  virtual absl::StatusOr<FlowTrace> Trace(const FlowKey& key) = 0;

  // The bucket's connections that took most service time, at most `count`,
  // heaviest first, each as it was when it was looked at. Goes through all its
  // connections in slices of the owner's time, together at most a fifth of it:
  // milliseconds, or seconds where there are millions. INVALID_ARGUMENT for a
  // bucket that is not there or a count that is not 1 to kMaxHeaviest;
  // DEADLINE_EXCEEDED if it takes longer than 10 s; CANCELLED as Trace().
  virtual absl::StatusOr<std::vector<FlowInfo>> Heaviest(BucketId bucket,
                                                         std::size_t count) = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_DATAPLANE_H_
