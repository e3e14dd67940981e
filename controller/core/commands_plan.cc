// Plans that operators ask for.
#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/plan_request.h"
#include "common/status.h"
#include "controller/core/audit_json.h"
#include "controller/core/command_answers.h"
#include "controller/core/commands.h"
#include "controller/core/host_intents.h"
#include "controller/core/plan_draft.h"
#include "controller/core/plan_outcome.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

constexpr char kUnbound[] = "; no budget, cooldown or return time";

// Whether what the host last said is fit to plan from.
absl::Status CheckMeasured(const Host& host, MonotonicTime now,
                           const balance::Policy& policy) {
  std::string why;
  std::string_view reason = "NOT_MEASURED";
  if (!host.fenced.empty()) {
    why = absl::StrCat("is fenced: ", host.fenced);
    reason = "HOST_FENCED";
  } else if (!host.connected()) {
    why = "is not connected";
    reason = "HOST_NOT_CONNECTED";
  } else if (host.session->reported().count() == 0) {
    why = "has not reported";
  } else if (host.session->Stale(now, policy.report_interval)) {
    why = "has not reported for three intervals";
  } else if (!host.nonsense.empty()) {
    why = absl::StrCat("reported what makes no sense: ", host.nonsense);
  } else if (!OfCurrentTable(host, *host.last_report)) {
    why = "has not reported under its present table yet";
  }
  if (why.empty()) return absl::OkStatus();
  return WithReason(absl::FailedPreconditionError(
                        absl::StrCat("host ", host.name(), " ", why)),
                    reason);
}

absl::Status Outdated(const std::string& why) {
  return WithReason(absl::AbortedError(absl::StrCat(why, "; propose anew")),
                    "PROPOSAL_OUTDATED");
}

// ABORTED if the plan's moves are against what is wanted of the host now.
absl::Status CheckWishes(const Host& host, const PlanRecord& plan) {
  const HostIntent& intent = host.record.intent;
  for (const MoveRecord& move : plan.moves) {
    if (IsDrained(intent, move.move.to)) {
      return Outdated(
          absl::StrCat(PlanName(plan), " gives buckets to processor ",
                       move.move.to.value(), ", which was drained since"));
    }
    for (const Pin& pin : intent.pins) {
      if (pin.bucket == move.move.bucket && pin.processor == move.move.from) {
        return Outdated(absl::StrCat(PlanName(plan), " moves bucket ",
                                     pin.bucket.value(),
                                     ", which was pinned since"));
      }
    }
  }
  return absl::OkStatus();
}

// The table that the plan replaced.
Table TableBefore(const PlanRecord& plan) {
  Table table = plan.table;
  for (const MoveRecord& move : plan.moves) {
    table.owner[move.move.bucket.index()] = move.move.from;
  }
  return table;
}

// What brings `wanted` back, where the processor is there and may hold
// buckets; pinned buckets stay.
std::vector<Move> MovesBack(const Host& host, const balance::Snapshot& now,
                            const Table& wanted) {
  std::vector<Move> moves;
  for (const Move& move : DeriveMoves(host.record.table, wanted)) {
    if (move.to.index() < now.processors.size() &&
        now.processors[move.to.index()].in_service &&
        !now.buckets[move.bucket.index()].pinned) {
      moves.push_back(move);
    }
  }
  return moves;
}

std::string Asked(const Call& call, const std::string& what) {
  return absl::StrCat(Signed(call, what), kUnbound);
}

}  // namespace

absl::StatusOr<PlanRecord> Commands::Plan(const Call& call, const Host& host,
                                          const ProposalRequest& request,
                                          std::string& planner_reason) {
  balance::Policy policy = fleet_.PolicyOf(host).policy;
  policy.planner = request.planner.value_or(policy.planner);
  LB_RETURN_IF_ERROR(fleet_.CheckPolicy(policy));
  balance::PlanRequest limits =
      balance::RequestFor(policy, host.record.layout.buckets, host.decision);
  limits.target_permille =
      request.target_permille.value_or(limits.target_permille);
  limits.tolerated_permille = 0;  // whoever asks wants the target
  limits.max_moves = request.max_moves;
  LB_RETURN_IF_ERROR(balance::ValidateRequest(limits));
  LB_RETURN_IF_ERROR(CheckMeasured(host, clock_.Monotonic(), policy));
  LB_ASSIGN_OR_RETURN(const balance::Planner* planner,
                      fleet_.planners().Get(policy.planner));
  const balance::Snapshot snapshot = SnapshotOf(host);
  const auto proposal = planner->Propose(snapshot, limits);
  if (!proposal.ok()) {
    return absl::FailedPreconditionError(OneLine(proposal.status()));
  }
  planner_reason = proposal->reason;
  LB_ASSIGN_OR_RETURN(
      PlanRecord plan,
      DraftPlan(host.record.table, snapshot.processors.size(), *proposal));
  plan.host = host.name();
  plan.term = store_.identity().term;
  plan.create_time = clock_.Wall();
  plan.author = call.caller.name;
  plan.verdict = "REQUESTED";
  plan.reason = Asked(call, "asked for");
  plan.policy_revision = fleet_.PolicyOf(host).revision;
  plan.inputs = InputsOf(*planner, snapshot, limits);
  return plan;
}

void Commands::ProposePlan(Call call, const std::string& parent,
                           const ProposalRequest& request,
                           Done<Changed<ProposalAnswer>> done) {
  const auto host = ParseHostName(parent);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  const auto made = std::make_shared<ProposalAnswer>();
  Mutation mutation{.call = std::move(call), .line = *host};
  mutation.prepare = [this, host = *host, request, made,
                      who = mutation.call]() -> absl::StatusOr<Draft> {
    LB_ASSIGN_OR_RETURN(const Host* found, FindHost(host));
    LB_ASSIGN_OR_RETURN(PlanRecord plan,
                        Plan(who, *found, request, made->planner_reason));
    Draft draft;
    if (plan.moves.empty()) return draft;
    draft.after = PlanJson(plan);
    draft.change.event = {.host = host,
                          .kind = EventKind::kPlanProposed,
                          .message = DescribePlan(plan)};
    draft.change.plan = plan;
    made->plan = std::move(plan);
    return draft;
  };
  mutation.carry_out = [made](const Committed& committed) {
    if (made->plan) made->plan->id = committed.plan_id;
  };
  mutation.answer = [this, made, done = std::move(done)](
                        absl::StatusOr<Outcome> outcome) mutable {
    if (!outcome.ok()) {
      std::move(done)(outcome.status());
    } else if (outcome->subject.empty()) {
      std::move(done)(
          Changed<ProposalAnswer>{std::move(*made), outcome->receipt});
    } else {
      queries_.GetPlan(outcome->subject,
                       [receipt = outcome->receipt, done = std::move(done)](
                           absl::StatusOr<PlanRecord> plan) mutable {
                         if (!plan.ok()) {
                           std::move(done)(plan.status());
                           return;
                         }
                         std::string reason = plan->planner_reason;
                         std::move(done)(Changed<ProposalAnswer>{
                             {*std::move(plan), std::move(reason)}, receipt});
                       });
    }
  };
  mutations_.Run(std::move(mutation));
}

void Commands::SendPlan(Call call, const std::string& name, MakePlan make,
                        Done<Changed<PlanRecord>> done) {
  const auto resource = ParsePlanName(name);
  if (!resource.ok()) {
    std::move(done)(resource.status());
    return;
  }
  struct Made {
    PlanRecord named;  // by the call
    PlanRecord sent;
    std::optional<HostIntentChange> intent;
  };
  const auto made = std::make_shared<Made>();
  const std::string& host = resource->host;
  Mutation mutation{.call = std::move(call), .line = host};
  mutation.gather = [this, name, made](std::function<void(absl::Status)> then) {
    queries_.GetPlan(
        name, [made, then = std::move(then)](absl::StatusOr<PlanRecord> plan) {
          absl::Status status = plan.status();
          if (status.ok()) made->named = *std::move(plan);
          then(std::move(status));
        });
  };
  mutation.prepare = [this, host, made,
                      make = std::move(make)]() -> absl::StatusOr<Draft> {
    LB_ASSIGN_OR_RETURN(const Host* found, FindHost(host));
    LB_RETURN_IF_ERROR(CheckReady(*found));
    Draft draft;
    LB_ASSIGN_OR_RETURN(made->sent, make(*found, made->named, draft.change));
    made->sent.term = store_.identity().term;
    made->intent = draft.change.intent;
    draft.before = PlanJson(made->named);
    draft.after = PlanJson(made->sent);
    return draft;
  };
  mutation.commit = [this, host, made](Change change,
                                       Store::Callback<Committed> committed) {
    // It was there and ready when the plan was made, just now.
    fleet_.plans().Send(*fleet_.FindHost(host), made->sent, std::move(change),
                        std::move(committed));
  };
  mutation.carry_out = [this, host, made](const Committed& committed) {
    PlanRecord& sent = made->sent;
    if (sent.id == 0) sent.id = committed.plan_id;
    sent.epoch = committed.epoch;
    sent.state = PlanState::kSuperseded;
    Host* found = fleet_.FindHost(host);
    if (found == nullptr) return;
    if (found->flight.stage == Flight::Stage::kSent) {
      sent.state = PlanState::kSent;
    }
    if (made->intent) fleet_.SetIntent(*found, made->intent->intent);
  };
  mutation.answer = [this, made, done = std::move(done)](
                        absl::StatusOr<Outcome> outcome) mutable {
    if (!outcome.ok()) {
      std::move(done)(outcome.status());
    } else if (!outcome->receipt.repeated) {
      std::move(done)(
          Changed<PlanRecord>{std::move(made->sent), outcome->receipt});
    } else {
      queries_.GetPlan(
          outcome->subject,
          [receipt = outcome->receipt,
           done = std::move(done)](absl::StatusOr<PlanRecord> plan) mutable {
            if (!plan.ok()) {
              std::move(done)(plan.status());
              return;
            }
            std::move(done)(Changed<PlanRecord>{*std::move(plan), receipt});
          });
    }
  };
  mutations_.Run(std::move(mutation));
}

void Commands::ApplyPlan(Call call, const std::string& name,
                         Done<Changed<PlanRecord>> done) {
  auto make = [](const Host& host, const PlanRecord& proposal,
                 Change&) -> absl::StatusOr<PlanRecord> {
    if (proposal.state != PlanState::kProposed || host.proposal_under_way) {
      return absl::FailedPreconditionError(
          absl::StrCat(PlanName(proposal), " is no open proposal: it is ",
                       host.proposal_under_way
                           ? "being replaced by a newer one"
                           : std::string(PlanStateName(proposal.state))));
    }
    if (proposal.base != host.digest) {
      return Outdated(absl::StrCat("the table of host ", host.name(),
                                   " is no longer the one that ",
                                   PlanName(proposal), " was made for"));
    }
    // The same table may come back on fewer processors.
    if (const absl::Status fits =
            ValidateTable(proposal.table, host.record.layout);
        !fits.ok()) {
      return Outdated(
          absl::StrCat(PlanName(proposal),
                       " does not fit the host any more: ", OneLine(fits)));
    }
    LB_RETURN_IF_ERROR(CheckWishes(host, proposal));
    return proposal;
  };
  SendPlan(std::move(call), name, std::move(make), std::move(done));
}

absl::StatusOr<PlanRecord> Commands::PlanBack(const Call& call,
                                              const Host& host,
                                              const PlanRecord& undone) const {
  const bool was_in_force = CanFollow(undone.state, PlanState::kMeasured) ||
                            undone.state == PlanState::kMeasured ||
                            undone.state == PlanState::kUnknown;
  if (!was_in_force) {
    return absl::FailedPreconditionError(absl::StrCat(
        PlanName(undone), " is ", std::string(PlanStateName(undone.state)),
        ": it never took the place of another table"));
  }
  const Table wanted = TableBefore(undone);
  const Table& now = host.record.table;
  if (wanted.buckets() != now.buckets() || wanted.hash != now.hash ||
      wanted.key_id != now.key_id) {
    return absl::FailedPreconditionError(
        absl::StrCat(PlanName(undone),
                     " was made for another number of buckets, hash or "
                     "key than host ",
                     host.name(), " has now"));
  }
  const balance::Snapshot snapshot = SnapshotOf(host);
  const std::vector<Move> moves = MovesBack(host, snapshot, wanted);
  if (moves.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no bucket is to be moved to bring back the table before ",
                     PlanName(undone)));
  }
  const std::string reason =
      absl::StrCat("back to the table before ", PlanName(undone));
  const auto proposal = ProposeMoves(snapshot, moves, reason);
  if (!proposal.ok()) {
    return absl::FailedPreconditionError(OneLine(proposal.status()));
  }
  LB_ASSIGN_OR_RETURN(PlanRecord plan,
                      DraftPlan(now, snapshot.processors.size(), *proposal));
  plan.host = host.name();
  plan.create_time = clock_.Wall();
  plan.author = call.caller.name;
  plan.verdict = "ROLL_BACK";
  plan.reason = Asked(call, reason);
  plan.policy_revision = fleet_.PolicyOf(host).revision;
  return plan;
}

void Commands::RollBackPlan(Call call, const std::string& name,
                            Done<Changed<PlanRecord>> done) {
  auto make = [this, who = call](const Host& host, const PlanRecord& undone,
                                 Change& with) -> absl::StatusOr<PlanRecord> {
    LB_ASSIGN_OR_RETURN(PlanRecord plan, PlanBack(who, host, undone));
    HostIntent intent = host.record.intent;
    // A whole pause is not loosened.
    if (!intent.pause || intent.pause->advise) {
      intent.pause = {.advise = true,
                      .reason = Signed(who, "rolled back " + PlanName(undone)),
                      .author = who.caller.name,
                      .since = clock_.Wall()};
    }
    with.intent = {host.name(), std::move(intent)};
    return plan;
  };
  SendPlan(std::move(call), name, std::move(make), std::move(done));
}

}  // namespace lb::controller
