#include "balance/load_planner.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "balance/bucket_pool.h"
#include "balance/exact_search.h"
#include "balance/index_plan.h"
#include "balance/load_plan.h"
#include "balance/proposal_draft.h"
#include "common/status.h"

namespace lb::balance {
namespace {

std::string Reason(const DraftTable& table, const LoadStep& step) {
  return absl::StrCat(
      "processor ", step.from, " is at ", Percent(table.usage(step.from)),
      "; processor ", step.to, " at ", Percent(table.usage(step.to)),
      step.makes_room ? " makes room for it" : " has room for it");
}

// A bucket for `to`: of the most utilized processor that can spare one, the
// one nearest the mean of what it holds that leaves `to` below it.
std::optional<std::size_t> BucketFor(std::size_t to, const DraftTable& table,
                                     const BucketPool& pool) {
  std::vector<std::size_t> givers;
  for (std::size_t i = 0; i < table.processors(); ++i) {
    if (table.usage(i).in_service && table.usage(i).buckets > 1) {
      givers.push_back(i);
    }
  }
  std::stable_sort(givers.begin(), givers.end(),
                   [&table](std::size_t a, std::size_t b) {
                     return LessUtilized(table.usage(b), table.usage(a));
                   });
  std::optional<std::size_t> bucket;
  for (std::size_t from : givers) {
    if (bucket) break;
    const ProcessorUsage& giver = table.usage(from);
    const std::uint64_t level = giver.busy_ns_per_s / giver.capacity_permille *
                                table.usage(to).capacity_permille;
    const std::uint64_t busy = table.usage(to).busy_ns_per_s;
    const std::uint64_t limit = level > busy ? level - busy : 0;
    bucket = pool.Nearest(from, to, table.MeanLoad(from), limit);
  }
  for (std::size_t from : givers) {
    if (!bucket) bucket = pool.Idle(from, to);
  }
  return bucket;
}

void FillEmpty(const Snapshot& snapshot, const std::vector<LoadStep>& steps,
               std::size_t most_moves, ProposalDraft& draft) {
  std::optional<BucketPool> pool;
  for (std::size_t to = 0; to < draft.table().processors(); ++to) {
    const ProcessorUsage& usage = draft.table().usage(to);
    if (!usage.in_service || usage.buckets > 0) continue;
    if (draft.moves() >= most_moves) return;
    if (!pool) {
      pool.emplace(snapshot, draft.table());
      // Nothing moves twice.
      for (const LoadStep& step : steps) pool->Remove(step.from, step.bucket);
    }
    const std::optional<std::size_t> bucket =
        BucketFor(to, draft.table(), *pool);
    if (!bucket) continue;
    pool->Remove(draft.table().owner(*bucket), *bucket);
    draft.Move(
        *bucket, to,
        absl::StrCat("processor ", to, " is in service and holds no bucket"));
  }
}

}  // namespace

absl::StatusOr<Proposal> LoadPlanner::Propose(
    const Snapshot& snapshot, const PlanRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateSnapshot(snapshot));
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  ProposalDraft draft(snapshot, request);
  const bool few = IsFew(draft.table());
  if (draft.table().busy() == 0 && !few) {
    for (const IndexStep& step : IndexPlan(snapshot, request).Run()) {
      draft.Move(step.bucket, step.to,
                 absl::StrCat("the host is idle; processor ", step.to,
                              " is short of buckets"));
    }
    return draft.Finish();
  }
  draft.Evacuate();
  const std::size_t made = draft.moves();
  LoadPlan plan(snapshot, draft.table(), request, made);
  const std::vector<LoadStep> steps = plan.Run();
  for (const LoadStep& step : steps) {
    draft.Move(step.bucket, step.to, Reason(draft.table(), step));
  }
  if (!few) FillEmpty(snapshot, steps, made + plan.moves_left(), draft);
  return draft.Finish(
      request.target_imbalance_ppb ? 0 : request.tolerated_permille / 1e3);
}

}  // namespace lb::balance
