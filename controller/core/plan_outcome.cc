#include "controller/core/plan_outcome.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/format_number.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

PlanState StateOf(const PlanResult& result) {
  switch (result.state) {
    case ApplyState::kApplied:
      return PlanState::kApplied;
    case ApplyState::kPartial:
      return PlanState::kPartial;
    case ApplyState::kRejected:
      return result.expired ? PlanState::kExpired : PlanState::kRejected;
  }
  return PlanState::kRejected;
}

}  // namespace

std::string DescribePlan(const PlanRecord& plan) {
  return absl::StrFormat("%s, imbalance %.3f, %.3f predicted: %s",
                         FormatNumber(plan.moves.size(), "move"),
                         plan.imbalance_before, plan.imbalance_predicted,
                         plan.reason);
}

Event PlanEvent(const PlanRecord& plan, PlanState state,
                std::string_view message) {
  return {.host = plan.host,
          .kind = EventOf(state),
          .message = absl::StrCat(PlanName(plan), ": ", ToAbsl(message))};
}

PlanUpdate UpdateFrom(const PlanRecord& plan, const PlanResult& result,
                      WallTime now) {
  PlanUpdate update{.id = plan.id,
                    .state = StateOf(result),
                    .result_time = now,
                    .rejection = result.reason,
                    .cost = result.counters};
  for (const MoveResult& answered : result.moves) {
    const auto planned = std::find_if(
        plan.moves.begin(), plan.moves.end(),
        [&](const MoveRecord& move) { return move.move == answered.move; });
    if (planned == plan.moves.end()) {
      spdlog::warn(
          "{}: the result names a move of bucket {} that was not "
          "planned",
          PlanName(plan), answered.move.bucket.value());
      continue;
    }
    update.moves.push_back(answered);
  }
  return update;
}

std::string DescribeResult(const PlanUpdate& update, std::size_t planned) {
  if (update.state == PlanState::kRejected ||
      update.state == PlanState::kExpired) {
    return *update.rejection;
  }
  std::size_t moved = 0;
  std::chrono::nanoseconds longest{0};
  for (const MoveResult& move : update.moves) {
    if (move.outcome != MoveOutcome::kNotMoved) ++moved;
    longest = std::max(longest, move.pause);
  }
  return absl::StrFormat(
      "%d of %s moved, longest pause %.3f ms, %d lost, %d reordered, "
      "%d duplicated, %d dropped",
      moved, FormatNumber(planned, "bucket"),
      static_cast<double>(longest.count()) / 1e6, update.cost->lost,
      update.cost->reordered, update.cost->duplicated,
      update.cost->dropped_total());
}

Table PartlyApplied(Table base, const Table& planned,
                    const PlanResult& result) {
  for (const MoveResult& move : result.moves) {
    const std::size_t bucket = move.move.bucket.index();
    if (move.outcome != MoveOutcome::kNotMoved &&
        bucket < std::min(base.buckets(), planned.buckets())) {
      base.owner[bucket] = planned.owner[bucket];
    }
  }
  return base;
}

}  // namespace lb::controller
