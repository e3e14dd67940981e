// Who gets the buckets of processors that are taken over. Pure.
#ifndef LB_DATAPLANE_ENGINE_DEAL_H_
#define LB_DATAPLANE_ENGINE_DEAL_H_

#include <vector>

#include "common/ids.h"
#include "common/table.h"

namespace lb::dataplane {

// Deals the buckets of processors out of service to those in service, in turn,
// in the order of their ids: evenly, whatever they carry, for the controller
// will measure and mend. A processor without a bucket was drained, or is just
// back, so it gets one only where all in service have none. `in_service` is
// indexed by processor and has at least one true. Returns the buckets whose
// owner changed, in order.
std::vector<BucketId> DealToThoseInService(const std::vector<bool>& in_service,
                                           Table& table);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_DEAL_H_
