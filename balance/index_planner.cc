#include "balance/index_planner.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/draft_table.h"
#include "balance/imbalance_index.h"
#include "balance/index_plan.h"
#include "common/status.h"

namespace lb::balance {
namespace {

// A utilization in tenths of a percent, as "61.3%".
std::string Percent(const ProcessorUsage& usage) {
  const std::uint64_t per_mille =
      usage.busy_ns_per_s / 1'000 / usage.capacity_permille;
  return absl::StrCat(per_mille / 10, ".", per_mille % 10, "%");
}

std::string Utilizations(const IndexStep& step) {
  return absl::StrCat("processor ", step.from, " is at ", Percent(step.giver),
                      ", processor ", step.to, " at ", Percent(step.taker));
}

std::string Reason(const IndexStep& step) {
  switch (step.kind) {
    case IndexStep::Kind::kEvacuate:
      return absl::StrCat("processor ", step.from, " is out of service");
    case IndexStep::Kind::kFill:
      return absl::StrCat("processor ", step.to,
                          " is in service and short of buckets");
    case IndexStep::Kind::kQuota:
      return absl::StrCat(Utilizations(step), "; processor ", step.from,
                          " holds ", step.giver.buckets, " buckets, its quota ",
                          "is ", step.quota);
    case IndexStep::Kind::kHelp:
      return absl::StrCat(Utilizations(step), "; no bucket fits the quotas");
    case IndexStep::Kind::kMakeRoom:
      return absl::StrCat(Utilizations(step), "; processor ", step.to,
                          " makes room for it");
  }
  return "";
}

PlannedMove MakeMove(const IndexStep& step) {
  return {{BucketId(static_cast<std::uint32_t>(step.bucket)),
           ProcessorId(static_cast<std::uint16_t>(step.from)),
           ProcessorId(static_cast<std::uint16_t>(step.to))},
          step.load,
          Reason(step)};
}

}  // namespace

absl::StatusOr<Proposal> IndexPlanner::Propose(
    const Snapshot& snapshot, const PlanRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateSnapshot(snapshot));
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  DraftTable draft(snapshot);
  Proposal proposal;
  proposal.system_utilization = SystemUtilization(draft.usage());
  proposal.imbalance_before = Imbalance(draft.usage());
  proposal.bound = Bound(draft.usage(), draft.heaviest_load());
  ImbalanceIndex index = ComputeImbalanceIndex(draft.usage(), draft.buckets());
  for (std::size_t i = 0; i < draft.processors(); ++i) {
    proposal.indexes.push_back(index.IndexOf(i));
  }
  proposal.total_index = index.Total();
  proposal.quotas = std::move(index.quota);

  for (const IndexStep& step : IndexPlan(snapshot, request).Run()) {
    draft.Move(step.bucket, step.to);
    proposal.moves.push_back(MakeMove(step));
  }
  proposal.imbalance_after = Imbalance(draft.usage());
  proposal.assignment.reserve(draft.buckets());
  for (std::size_t b = 0; b < draft.buckets(); ++b) {
    proposal.assignment.emplace_back(
        static_cast<std::uint16_t>(draft.owner(b)));
  }
  return proposal;
}

}  // namespace lb::balance
