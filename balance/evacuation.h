// Where the buckets of processors out of service go; the same for every
// planner. Pure; any thread.
#ifndef LB_BALANCE_EVACUATION_H_
#define LB_BALANCE_EVACUATION_H_

#include <cstddef>
#include <vector>

#include "balance/draft_table.h"
#include "balance/snapshot.h"

namespace lb::balance {

struct Departure {
  std::size_t bucket;
  std::size_t to;
};

// Every bucket that a processor out of service holds, pinned ones excepted,
// whether or not it rests: the heaviest first, each to where the utilization
// will be lowest. `draft` is `snapshot` without any move.
std::vector<Departure> PlanEvacuation(const Snapshot& snapshot,
                                      const DraftTable& draft);

}  // namespace lb::balance

#endif  // LB_BALANCE_EVACUATION_H_
