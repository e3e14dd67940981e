#include "balance/rsspp_planner.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "balance/proposal_draft.h"
#include "balance/rsspp_plan.h"
#include "common/status.h"

namespace lb::balance {
namespace {

std::string Reason(const DraftTable& table, const RssppMove& move) {
  const std::size_t from = table.owner(move.bucket);
  return absl::StrCat("processor ", from, " is at ", Percent(table.usage(from)),
                      ", processor ", move.to, " at ",
                      Percent(table.usage(move.to)));
}

// True if the moves leave the highest utilization where it was, or below.
bool Helps(DraftTable table, const std::vector<RssppMove>& moves) {
  const ProcessorUsage before = table.usage(table.Highest());
  for (const RssppMove& move : moves) table.Move(move.bucket, move.to);
  return !LessUtilized(before, table.usage(table.Highest()));
}

}  // namespace

absl::StatusOr<Proposal> RssppPlanner::Propose(
    const Snapshot& snapshot, const PlanRequest& request) const {
  LB_RETURN_IF_ERROR(ValidateSnapshot(snapshot));
  LB_RETURN_IF_ERROR(ValidateRequest(request));
  ProposalDraft draft(snapshot, request);
  draft.Evacuate();
  std::vector<RssppMove> moves = RssppPlan(snapshot, draft.table()).Run();
  if (request.max_moves) {
    const std::size_t evacuated = draft.moves();
    const std::size_t budget = *request.max_moves;
    const std::size_t left = budget > evacuated ? budget - evacuated : 0;
    if (moves.size() > left) moves.resize(left);
  }
  if (!Helps(draft.table(), moves)) moves.clear();
  for (const RssppMove& move : moves) {
    draft.Move(move.bucket, move.to, Reason(draft.table(), move));
  }
  return draft.Finish();
}

}  // namespace lb::balance
