// When a host is planned, and how even a plan is to make it, by how busy it is.
// Pure.
#ifndef LB_BALANCE_THRESHOLDS_H_
#define LB_BALANCE_THRESHOLDS_H_

#include <cstdint>

#include "balance/policy.h"

namespace lb::balance {

// Thousandths that multiply the bound; 1000 <= target <= trigger.
struct Thresholds {
  std::uint32_t trigger_permille = 0;
  std::uint32_t target_permille = 0;
};

// Packets wait by what a processor has left, not by how busy it is. So near
// saturation the busiest processor triggers once it has less than half of what
// the mean one has left, and a plan is to leave it nine tenths: 0.5 + 0.5 / U
// and 0.9 + 0.1 / U. Never more than the policy says, and of its distance from
// even never less than a third.
Thresholds ThresholdsAt(const Policy& policy, double system_utilization);

}  // namespace lb::balance

#endif  // LB_BALANCE_THRESHOLDS_H_
