#include "balance/index_planner.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "balance/index_plan.h"
#include "balance/proposal_draft.h"
#include "common/status.h"

namespace lb::balance {
namespace {

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

}  // namespace

absl::StatusOr<Proposal> IndexPlanner::Propose(
    const Snapshot& snapshot, const PlanRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateSnapshot(snapshot));
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  ProposalDraft draft(snapshot, request);
  for (const IndexStep& step : IndexPlan(snapshot, request).Run()) {
    draft.Move(step.bucket, step.to, Reason(step));
  }
  return draft.Finish();
}

}  // namespace lb::balance
