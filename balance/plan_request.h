// What a policy asks of a planner. Pure.
#ifndef LB_BALANCE_PLAN_REQUEST_H_
#define LB_BALANCE_PLAN_REQUEST_H_

#include <cstdint>

#include "balance/planner.h"
#include "balance/policy.h"

namespace lb::balance {

// For a table of `buckets` buckets and the host's lowest maximum (decision.h).
// The budget is at least one move.
PlanRequest RequestFor(const Policy& policy, std::uint32_t buckets,
                       double lowest_maximum);

}  // namespace lb::balance

#endif  // LB_BALANCE_PLAN_REQUEST_H_
