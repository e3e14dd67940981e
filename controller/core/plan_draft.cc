#include "controller/core/plan_draft.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/proposal_draft.h"
#include "common/status.h"
#include "controller/core/planner_inputs.h"

namespace lb::controller {
namespace {

absl::Status CheckProposal(const Table& base, const Table& next,
                           std::size_t processors,
                           const balance::Proposal& proposal) {
  if (next.buckets() != base.buckets()) {
    return absl::InternalError(
        absl::StrCat("the planner gave a table of ", next.buckets(),
                     " buckets for one of ", base.buckets()));
  }
  for (std::size_t b = 0; b < next.buckets(); ++b) {
    if (next.owner[b].index() >= processors) {
      return absl::InternalError(
          absl::StrCat("the planner gave bucket ", b, " to processor ",
                       next.owner[b].value(), ", which does not exist"));
    }
  }
  std::vector<Move> named;
  for (const balance::PlannedMove& planned : proposal.moves) {
    named.push_back(planned.move);
  }
  std::sort(named.begin(), named.end(),
            [](const Move& a, const Move& b) { return a.bucket < b.bucket; });
  if (named != DeriveMoves(base, next)) {
    return absl::InternalError(
        "the planner's moves do not make the table it gave");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PlanRecord> DraftPlan(const Table& base, std::size_t processors,
                                     const balance::Proposal& proposal) {
  PlanRecord plan;
  plan.table = {base.hash, base.key_id, proposal.assignment};
  LB_RETURN_IF_ERROR(CheckProposal(base, plan.table, processors, proposal));
  plan.base = ComputeDigest(base);
  plan.digest = ComputeDigest(plan.table);
  plan.imbalance_before = proposal.imbalance_before;
  plan.imbalance_predicted = proposal.imbalance_after;
  plan.planner_reason = proposal.reason;
  plan.bound = proposal.bound;
  plan.indexes = proposal.indexes;
  plan.total_index = proposal.total_index;
  plan.quotas = proposal.quotas;
  for (const balance::PlannedMove& planned : proposal.moves) {
    plan.moves.push_back({.move = planned.move,
                          .load_ns_per_s = planned.load_ns_per_s,
                          .reason = planned.reason});
  }
  plan.move_count = static_cast<std::uint32_t>(plan.moves.size());
  return plan;
}

PlannerInputs InputsOf(const balance::Planner& planner,
                       const balance::Snapshot& snapshot,
                       const balance::PlanRequest& request) {
  return {planner.kind(), planner.algorithm_version(),
          SerializePlannerInputs(snapshot, request)};
}

absl::StatusOr<balance::Proposal> ProposeMoves(
    const balance::Snapshot& snapshot, std::span<const Move> moves,
    const std::string& reason) {
  LB_RETURN_IF_ERROR(balance::ValidateSnapshot(snapshot));
  const balance::PlanRequest request;
  balance::ProposalDraft draft(snapshot, request);
  for (const Move& move : moves) {
    draft.Move(move.bucket.index(), move.to.index(), reason);
  }
  balance::Proposal proposal = draft.Finish();
  proposal.reason = "these moves were asked for, and no others";
  return proposal;
}

}  // namespace lb::controller
