// What a policy asks of a planner. Pure.
#ifndef LB_BALANCE_PLAN_REQUEST_H_
#define LB_BALANCE_PLAN_REQUEST_H_

#include <cstdint>

#include "balance/decision.h"
#include "balance/planner.h"
#include "balance/policy.h"

namespace lb::balance {

// For a table of `buckets` buckets, because of `decision`. The budget is at
// least one move. Only an imbalance leaves anything to be tolerated: a
// processor to be filled would be left with next to nothing.
PlanRequest RequestFor(const Policy& policy, std::uint32_t buckets,
                       const Decision& decision);

}  // namespace lb::balance

#endif  // LB_BALANCE_PLAN_REQUEST_H_
