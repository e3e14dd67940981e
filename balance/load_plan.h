// One run of the load planner; see load_planner.h for what it does. Integers
// only. Thread-compatible.
#ifndef LB_BALANCE_LOAD_PLAN_H_
#define LB_BALANCE_LOAD_PLAN_H_

#include <cstddef>
#include <vector>

#include "balance/draft_table.h"
#include "balance/load_shedder.h"
#include "balance/load_table.h"
#include "balance/planner.h"
#include "balance/snapshot.h"

namespace lb::balance {

class LoadPlan {
 public:
  // `draft` is `snapshot` once processors out of service are emptied, which
  // took `made` moves of the request's budget. All outlive the plan.
  LoadPlan(const Snapshot& snapshot, const DraftTable& draft,
           const PlanRequest& request, std::size_t made);

  // The moves, in the order they were chosen. Call once.
  std::vector<LoadStep> Run();

  std::size_t moves_left() const { return most_moves_; }

 private:
  Level Target() const;
  Level Tolerated() const;
  // In permille of the bound; the heaviest bucket alone is the least.
  Level OfBound(std::uint64_t permille) const;
  bool TryTarget(Level target);
  // Keeps the steps, which replace those of earlier tries, if it succeeds.
  bool Try(Level level, LoadShedder::Options options);
  void Lower(Level reached, Level unreached);
  // In the place of the buckets of the best steps takes others of the same
  // processors that do as well and have fewer connections.
  void SpareConnections(Level target);

  const PlanRequest& request_;
  LoadTable table_;
  std::size_t most_moves_;
  std::size_t looks_left_;
  const bool few_;
  std::vector<LoadStep> best_;
  Level best_level_ = 0;
  Level tolerated_ = 0;
};

}  // namespace lb::balance

#endif  // LB_BALANCE_LOAD_PLAN_H_
