// When a host is planned, and how even a plan is to make it, by how busy it is.
// Pure.
#ifndef LB_BALANCE_THRESHOLDS_H_
#define LB_BALANCE_THRESHOLDS_H_

#include <cstdint>

#include "balance/policy.h"

namespace lb::balance {

// Thousandths that multiply the bound; 1000 <= target <= tolerated <= trigger.
struct Thresholds {
  std::uint32_t trigger_permille = 0;
  std::uint32_t target_permille = 0;
  std::uint32_t tolerated_permille = 0;
};

// Packets wait by what a processor has left, not by how busy it is. So near
// saturation the busiest processor triggers once it has less than half left of
// what it would have at best, and a plan is to leave it nine tenths. At best it
// runs at the `lowest_maximum` M, system utilization times bound: 0.5 + 0.5 / M
// and 0.9 + 0.1 / M. Never more than the policy says, and of its distance from
// even never less than a third.
//
// A processor above the target is not worth a move before it is two thirds of
// the way to the trigger. What is moved is moved to the target, so that the
// next report does not ask for more.
Thresholds ThresholdsAt(const Policy& policy, double lowest_maximum);

}  // namespace lb::balance

#endif  // LB_BALANCE_THRESHOLDS_H_
