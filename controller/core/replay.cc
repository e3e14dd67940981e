#include "controller/core/replay.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "balance/decision.h"
#include "balance/planner.h"
#include "common/status.h"
#include "controller/core/decision_inputs.h"
#include "controller/core/planner_inputs.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

absl::Status Pruned(const std::string& name) {
  return absl::NotFoundError(
      absl::StrCat(name,
                   ": its inputs are no longer kept; only younger ones can be "
                   "replayed"));
}

// The planner that was asked, and what it answers today; no proposal if its
// algorithm is another one by now.
struct Rerun {
  std::string planner;
  std::string versions;  // both, if they differ
  std::optional<balance::Proposal> proposal;
};

absl::StatusOr<Rerun> RunAgain(const PlannerInputs& inputs) {
  LB_ASSIGN_OR_RETURN(const std::unique_ptr<balance::Planner> planner,
                      balance::MakePlanner(inputs.planner));
  Rerun rerun;
  rerun.planner = balance::PlannerKindName(inputs.planner);
  if (planner->algorithm_version() != inputs.algorithm_version) {
    rerun.versions = absl::StrCat("planner ", rerun.planner, " had version ",
                                  inputs.algorithm_version, " then and has ",
                                  planner->algorithm_version(), " now");
    return rerun;
  }
  LB_ASSIGN_OR_RETURN(const ParsedPlannerInputs parsed,
                      ParsePlannerInputs(inputs.bytes));
  auto proposal = planner->Propose(parsed.snapshot, parsed.request);
  if (!proposal.ok()) {
    return absl::DataLossError(absl::StrCat("the planner refuses its inputs: ",
                                            OneLine(proposal.status())));
  }
  rerun.proposal = *std::move(proposal);
  return rerun;
}

std::string Differs(const std::string& what, const std::string& was,
                    const std::string& is) {
  return absl::StrCat(what, ": ", was, " is stored, ", is, " comes out now");
}

// Doubles are compared and shown exactly.
std::string Exact(double value) { return absl::StrFormat("%.17g", value); }

std::string Describe(const Move& move) {
  return absl::StrCat("bucket ", move.bucket.value(), " from processor ",
                      move.from.value(), " to ", move.to.value());
}

std::string CompareMove(std::size_t i, const MoveRecord& was,
                        const balance::PlannedMove& is) {
  const std::string which = absl::StrCat("move ", i + 1);
  if (was.move != is.move) {
    return Differs(which, Describe(was.move), Describe(is.move));
  }
  if (was.load_ns_per_s != is.load_ns_per_s) {
    return Differs(which + ", load in ns/s", absl::StrCat(was.load_ns_per_s),
                   absl::StrCat(is.load_ns_per_s));
  }
  if (was.reason != is.reason) {
    return Differs(which + ", reason", "\"" + was.reason + "\"",
                   "\"" + is.reason + "\"");
  }
  return {};
}

std::string CompareMoves(const std::vector<MoveRecord>& was,
                         const std::vector<balance::PlannedMove>& is) {
  const std::size_t both = std::min(was.size(), is.size());
  for (std::size_t i = 0; i < both; ++i) {
    std::string difference = CompareMove(i, was[i], is[i]);
    if (!difference.empty()) return difference;
  }
  if (was.size() == is.size()) return {};
  return Differs("number of moves", absl::StrCat(was.size()),
                 absl::StrCat(is.size()));
}

std::string CompareTables(const PlanRecord& plan,
                          const std::vector<ProcessorId>& owners) {
  if (plan.table.owner.size() != owners.size()) {
    return Differs("buckets of the table",
                   absl::StrCat(plan.table.owner.size()),
                   absl::StrCat(owners.size()));
  }
  for (std::size_t b = 0; b < owners.size(); ++b) {
    if (plan.table.owner[b] == owners[b]) continue;
    return Differs(absl::StrCat("processor of bucket ", b),
                   absl::StrCat(plan.table.owner[b].value()),
                   absl::StrCat(owners[b].value()));
  }
  const Digest digest = ComputeDigest(plan.table);
  if (digest == plan.digest) return {};
  return Differs("digest of the table",
                 absl::StrFormat("%016x", plan.digest.value()),
                 absl::StrFormat("%016x", digest.value()));
}

struct Figure {
  const char* name;
  double was;
  double is;
};

std::string CompareFigures(const PlanRecord& plan,
                           const balance::Proposal& proposal) {
  for (const Figure& figure :
       {Figure{"imbalance before", plan.imbalance_before,
               proposal.imbalance_before},
        Figure{"imbalance predicted", plan.imbalance_predicted,
               proposal.imbalance_after},
        Figure{"bound", plan.bound, proposal.bound},
        Figure{"total index", plan.total_index, proposal.total_index}}) {
    if (figure.was != figure.is) {
      return Differs(figure.name, Exact(figure.was), Exact(figure.is));
    }
  }
  if (plan.indexes != proposal.indexes) return "the indexes are others";
  if (plan.quotas != proposal.quotas) return "the quotas are others";
  if (!plan.planner_reason.empty() && plan.planner_reason != proposal.reason) {
    return Differs("why there were no more moves",
                   "\"" + plan.planner_reason + "\"",
                   "\"" + proposal.reason + "\"");
  }
  return {};
}

std::string ComparePlan(const PlanRecord& plan,
                        const balance::Proposal& proposal) {
  std::string difference = CompareMoves(plan.moves, proposal.moves);
  if (difference.empty()) difference = CompareTables(plan, proposal.assignment);
  if (difference.empty()) difference = CompareFigures(plan, proposal);
  return difference;
}

std::string CompareDecision(const DecisionRecord& was,
                            const balance::Decision& is) {
  const std::string verdict(balance::VerdictName(is.verdict));
  if (was.verdict != verdict) return Differs("verdict", was.verdict, verdict);
  if (was.reason == is.reason) return {};
  return Differs("reason", "\"" + was.reason + "\"", "\"" + is.reason + "\"");
}

Replay Compared(std::string difference, std::string planner) {
  return {difference.empty() ? ReplayOutcome::kIdentical
                             : ReplayOutcome::kDifferent,
          std::move(difference), std::move(planner)};
}

}  // namespace

absl::StatusOr<Replay> ReplayPlan(const PlanRecord& plan) {
  const std::string name = PlanName(plan);
  if (plan.inputs.bytes.empty()) {
    if (plan.inputs.algorithm_version != 0) return Pruned(name);
    return absl::FailedPreconditionError(
        absl::StrCat(name, " was made by ", plan.author,
                     " without a planner: there is nothing to compute again"));
  }
  auto rerun = RunAgain(plan.inputs);
  if (!rerun.ok()) return Annotate(rerun.status(), name);
  if (!rerun->proposal) {
    return Replay{ReplayOutcome::kOtherVersion, rerun->versions,
                  rerun->planner};
  }
  return Compared(ComparePlan(plan, *rerun->proposal), rerun->planner);
}

absl::StatusOr<Replay> ReplayDecision(const DecisionRecord& decision,
                                      const balance::Policy& policy) {
  const std::string name = DecisionName(decision.host, decision.revision);
  if (decision.measurement.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        name, ": ", decision.verdict,
        " does not follow from measurements: there is nothing to compute "
        "again"));
  }
  const auto parsed = ParseDecisionInputs(decision.measurement);
  if (!parsed.ok()) return Annotate(parsed.status(), name);
  balance::Decision again =
      balance::Decide(policy, parsed->measurement, parsed->over_trigger);
  if (!decision.inputs) return Compared(CompareDecision(decision, again), {});
  if (decision.inputs->bytes.empty()) return Pruned(name);
  auto rerun = RunAgain(*decision.inputs);
  if (!rerun.ok()) return Annotate(rerun.status(), name);
  if (!rerun->proposal) {
    return Replay{ReplayOutcome::kOtherVersion, rerun->versions,
                  rerun->planner};
  }
  if (!again.act) {
    return Compared(
        absl::StrCat("the planner was asked, and would not be asked now: ",
                     CompareDecision(decision, again)),
        rerun->planner);
  }
  again = balance::Judge(policy, std::move(again), *rerun->proposal);
  return Compared(CompareDecision(decision, again), rerun->planner);
}

}  // namespace lb::controller
