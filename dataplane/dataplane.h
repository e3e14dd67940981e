// The seam between what a host does with packets and who decides where
// buckets go. Implementations: user-space workers (engine/), kernel CPUs
// through XDP later.
#ifndef LB_DATAPLANE_DATAPLANE_H_
#define LB_DATAPLANE_DATAPLANE_H_

#include "absl/status/statusor.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"

namespace lb::dataplane {

// One control thread at a time calls Sample() and Apply(); the const methods
// may be called from any thread.
class Dataplane {
 public:
  virtual ~Dataplane() = default;

  // Fixed for the life of the data plane.
  virtual const Layout& layout() const = 0;

  // The table in force. During Apply() this is already the new one.
  virtual Table table() const = 0;

  // Closes the current interval, opens the next one and returns what was
  // measured in between. Takes milliseconds at most: it waits for every
  // processor to finish its batch; one that does not is reported as stalled.
  virtual LoadSample Sample() = 0;

  // Moves buckets until `next` is in force and tells what became of every
  // move; blocks until the last move is done or given up. Packets flow
  // meanwhile. INVALID_ARGUMENT, and nothing moved, if `next` does not fit the
  // layout.
  virtual absl::StatusOr<ApplyResult> Apply(const Table& next) = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_DATAPLANE_H_
