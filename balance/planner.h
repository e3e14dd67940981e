// The seam of the brain: from a snapshot to a plan and the reason for every
// move. Pure: equal inputs give equal plans, on any machine.
#ifndef LB_BALANCE_PLANNER_H_
#define LB_BALANCE_PLANNER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "balance/policy.h"
#include "balance/snapshot.h"
#include "common/ids.h"
#include "common/plan.h"

namespace lb::balance {

// Limits of one call.
struct PlanRequest {
  // Stop as soon as the predicted imbalance is at most target x bound, or as
  // near as the loads allow. In thousandths.
  std::uint32_t target_permille = 1'030;
  // The load planner lets a processor be that is above the target but not above
  // this, in thousandths; 0: none. Goes with target_permille only.
  std::uint32_t tolerated_permille = 0;
  // Takes the place of target_permille: stop as soon as the predicted
  // imbalance itself, whatever the bound, is at most this. In 10^-9, 1e9..1e15.
  std::optional<std::uint64_t> target_imbalance_ppb{};
  // Empty: as many as it takes. Emptying a processor that is out of service
  // counts, but is done whatever the limit.
  std::optional<std::uint32_t> max_moves{};
  std::uint32_t damping_permille = 1'000;
};

// INVALID_ARGUMENT, naming the value and its range: target_permille is
// 1000..1,000,000, tolerated_permille up to that, damping_permille 1..1000.
absl::Status ValidateRequest(const PlanRequest& request);

struct PlannedMove {
  Move move;
  std::uint64_t load_ns_per_s = 0;
  std::string reason;  // one line, for people
};

// Imbalances, indexes and utilizations are of the snapshot ("before") or of
// the snapshot with the moves made ("after").
struct Proposal {
  std::vector<PlannedMove> moves;       // in the order they were chosen
  std::vector<ProcessorId> assignment;  // by bucket, after the moves
  double system_utilization = 0;
  double imbalance_before = 1;
  double imbalance_after = 1;
  double bound = 1;
  std::vector<double> indexes;        // I_i before, by processor
  double total_index = 0;             // T
  std::vector<std::uint32_t> quotas;  // q_i, by processor; they sum to N
  // The bucket that makes the bound, where that is above one.
  std::optional<BucketId> unsplittable;
  // Why there are no more moves, or none: one line, for people.
  std::string reason;
};

class Planner {
 public:
  virtual ~Planner() = default;
  virtual PlannerKind kind() const = 0;
  // Rises whenever equal inputs might give a different plan than before.
  virtual std::uint32_t algorithm_version() const = 0;
  // INVALID_ARGUMENT if the snapshot or the request is not valid. A proposal
  // without moves means that no better table is within reach.
  virtual absl::StatusOr<Proposal> Propose(
      const Snapshot& snapshot, const PlanRequest& request) const = 0;
};

// INVALID_ARGUMENT for a kind that is none of them.
absl::StatusOr<std::unique_ptr<Planner>> MakePlanner(PlannerKind kind);

}  // namespace lb::balance

#endif  // LB_BALANCE_PLANNER_H_
