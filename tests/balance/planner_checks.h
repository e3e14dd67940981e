// What the tests of all planners share: hosts written down, and the rules that
// hold for any plan.
#ifndef LB_TESTS_BALANCE_PLANNER_CHECKS_H_
#define LB_TESTS_BALANCE_PLANNER_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "balance/planner.h"
#include "balance/snapshot.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {

inline constexpr std::uint64_t kMs = 1'000'000;  // ns of busy time per second

ProcessorId P(std::size_t i);

// Loads in ms per second, one list of buckets per processor, dealt in order.
Snapshot Host(const std::vector<std::vector<std::uint64_t>>& loads);

// What the planner makes of valid inputs; adds a failure if it refuses them.
Proposal Propose(PlannerKind kind, const Snapshot& snapshot,
                 const PlanRequest& request);

std::vector<Move> Moves(const Proposal& proposal);

// In the buckets that move.
std::uint64_t ConnectionsMoved(const Snapshot& snapshot,
                               const Proposal& proposal);

// The host once the plan is carried out.
Snapshot After(Snapshot snapshot, const Proposal& proposal);

// Any target up to 1.1, any damping, with and without a budget.
PlanRequest RandomRequest(Random& random);

// Adds a failure for every rule the proposal breaks: pins, rests, returns,
// service, budget, each bucket once, a reason for each move and for having no
// more, the imbalance never up save by emptying processors out of service.
void CheckProposal(const Snapshot& snapshot, const PlanRequest& request,
                   const Proposal& proposal);

}  // namespace lb::balance

#endif  // LB_TESTS_BALANCE_PLANNER_CHECKS_H_
