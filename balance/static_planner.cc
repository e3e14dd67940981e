#include "balance/static_planner.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/proposal_draft.h"
#include "common/status.h"

namespace lb::balance {

absl::StatusOr<Proposal> StaticPlanner::Propose(
    const Snapshot& snapshot, const PlanRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateSnapshot(snapshot));
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  ProposalDraft draft(snapshot, request);
  draft.Evacuate();
  Proposal proposal = draft.Finish();
  proposal.reason = absl::StrCat("the static planner moves nothing: imbalance ",
                                 Thousandths(proposal.imbalance_after));
  return proposal;
}

}  // namespace lb::balance
