// The 36 hosts of tests/data/planner_hosts.py with what the solver of RSS++
// made of them (tests/data/planner_reference.tsv).
#ifndef LB_TESTS_BALANCE_REFERENCE_HOSTS_H_
#define LB_TESTS_BALANCE_REFERENCE_HOSTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "balance/planner.h"
#include "balance/snapshot.h"

namespace lb::balance {

struct ReferenceHost {
  std::string name;
  Snapshot snapshot;
  double bound = 1;
  double before = 1;
  double after = 1;  // four digits
  std::size_t moves = 0;
  double solve_us = 0;
};

// In the order of the table. Throws std::runtime_error if the files do not fit
// together: they are ours.
std::vector<ReferenceHost> ReadReferenceHosts();

// What the solver reached, as a target: its four digits may be rounded down.
PlanRequest SameTarget(const ReferenceHost& host);
// 1.01 times the bound.
PlanRequest CloseTarget();

// No plan that reaches the target has fewer moves. A processor above it gives
// at least its heaviest buckets; and wherever a heavy bucket ends up, what is
// too much beside it has to leave. For hosts of whole CPUs dealt as these are.
std::size_t FewestMoves(const Snapshot& snapshot, const PlanRequest& request);

}  // namespace lb::balance

#endif  // LB_TESTS_BALANCE_REFERENCE_HOSTS_H_
