// Who gets the buckets of processors that are taken over. Pure.
#ifndef LB_DATAPLANE_ENGINE_DEAL_H_
#define LB_DATAPLANE_ENGINE_DEAL_H_

#include <vector>

#include "common/ids.h"
#include "common/table.h"

namespace lb::dataplane {

struct ProcessorStanding {
  bool in_service = true;
  bool drained = false;  // is to hold no buckets
};

// Deals the buckets of processors out of service to those in service, in turn,
// in the order of their ids: evenly, whatever they carry, for the controller
// will measure and mend. A drained one gets none unless all in service are
// drained. One without a bucket is just back, or nobody wants it to have any,
// so it gets one only where all that may have one have none. `processors` is
// indexed by processor; at least one is in service. Returns the buckets whose
// owner changed, in order.
std::vector<BucketId> DealToThoseInService(
    const std::vector<ProcessorStanding>& processors, Table& table);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_DEAL_H_
