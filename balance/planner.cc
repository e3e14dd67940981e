#include "balance/planner.h"

#include "absl/strings/str_cat.h"
#include "balance/index_planner.h"
#include "balance/load_planner.h"
#include "balance/rsspp_planner.h"
#include "balance/static_planner.h"

namespace lb::balance {

absl::Status ValidateRequest(const PlanRequest& request) {
  if (request.target_permille < 1'000 || request.target_permille > 1'000'000) {
    return absl::InvalidArgumentError(
        absl::StrCat("target is ", request.target_permille,
                     " permille of the bound; use 1000 to 1000000"));
  }
  if (request.tolerated_permille > 1'000'000) {
    return absl::InvalidArgumentError(
        absl::StrCat("tolerated is ", request.tolerated_permille,
                     " permille of the bound; use 0 to 1000000"));
  }
  const std::uint64_t target =
      request.target_imbalance_ppb.value_or(1'000'000'000);
  if (target < 1'000'000'000 || target > 1'000'000'000'000'000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "target imbalance is ", target, " x 10^-9; use 1e9 to 1e15"));
  }
  if (request.damping_permille < 1 || request.damping_permille > 1'000) {
    return absl::InvalidArgumentError(absl::StrCat(
        "damping is ", request.damping_permille, " permille; use 1 to 1000"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Planner>> MakePlanner(PlannerKind kind) {
  switch (kind) {
    case PlannerKind::kIndex:
      return std::make_unique<IndexPlanner>();
    case PlannerKind::kLoad:
      return std::make_unique<LoadPlanner>();
    case PlannerKind::kRsspp:
      return std::make_unique<RssppPlanner>();
    case PlannerKind::kStatic:
      return std::make_unique<StaticPlanner>();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "planner ", static_cast<int>(kind), " is unknown; use index or load"));
}

}  // namespace lb::balance
