// One run of the index planner, step by step; see index_planner.h for what it
// does. Thread-compatible.
#ifndef LB_BALANCE_INDEX_PLAN_H_
#define LB_BALANCE_INDEX_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "balance/bucket_pool.h"
#include "balance/draft_table.h"
#include "balance/imbalance_index.h"
#include "balance/planner.h"
#include "balance/snapshot.h"

namespace lb::balance {

// Why a move was chosen, with what was known at the time.
struct IndexStep {
  enum class Kind : std::uint8_t { kEvacuate, kFill, kQuota, kHelp, kMakeRoom };
  Kind kind = Kind::kQuota;
  std::size_t bucket = 0;
  std::size_t from = 0;
  std::size_t to = 0;
  std::uint64_t load = 0;
  ProcessorUsage giver;  // before the move
  ProcessorUsage taker;
  std::uint32_t quota = 0;  // of the giver
};

class IndexPlan {
 public:
  // Both valid; `snapshot` outlives the plan.
  IndexPlan(const Snapshot& snapshot, const PlanRequest& request);

  // Runs to the end; call once.
  std::vector<IndexStep> Run();

 private:
  struct Pick {
    std::size_t bucket;
    std::size_t to;
  };

  void Evacuate();
  void FillByQuota();
  void FillEmpty();
  void Balance();
  // One move from the most utilized processor; false if nothing helps.
  bool StepDown();

  void StartRound();
  std::optional<Pick> PickByQuota(std::size_t from) const;
  std::optional<Pick> PickHelping(std::size_t from) const;
  std::optional<Pick> PickMakingRoom(std::size_t from) const;

  void Move(IndexStep::Kind kind, std::size_t bucket, std::size_t to);
  bool TargetReached() const;
  bool BudgetLeft() const;
  // U x C, in ns per second.
  std::uint64_t SystemShare(std::size_t processor) const;
  // The heaviest load that, moved, leaves `to` below where `from` is now, and
  // is no more than the U x C of `to`; 0: none.
  std::uint64_t HelpLimit(std::size_t from, std::size_t to) const;
  // Processors in service other than `except`, least utilized first.
  std::vector<std::size_t> LeastUtilizedFirst(std::size_t except) const;

  const Snapshot& snapshot_;
  const PlanRequest& request_;
  DraftTable draft_;
  BucketPool pool_;
  std::uint64_t busy_ = 0;      // of processors in service
  std::uint64_t capacity_ = 0;  // permille
  std::uint32_t largest_capacity_ = 0;
  std::vector<IndexStep> steps_;

  // Of the present round.
  ImbalanceIndex index_;
  std::vector<std::uint64_t> quota_load_;
  std::vector<std::uint64_t> give_;  // load still to be given, damped
};

}  // namespace lb::balance

#endif  // LB_BALANCE_INDEX_PLAN_H_
