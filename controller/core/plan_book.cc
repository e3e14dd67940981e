#include "controller/core/plan_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/plan_outcome.h"

namespace lb::controller {
namespace {

using Stage = Flight::Stage;

void AskForHello(Host& host, const std::string& why) {
  if (!host.connected()) return;
  host.session->link().SendGoAway({why, std::chrono::milliseconds(0)});
  host.session->link().Close(absl::AbortedError(why));
}

// Of the plan that the agent is to answer.
bool IsOfFlight(const Host& host, const PlanResult& result) {
  const Flight& flight = host.flight;
  return flight.stage == Stage::kSent && flight.plan.epoch == result.epoch &&
         flight.plan.term == result.term;
}

}  // namespace

void PlanBook::Send(Host& host, PlanRecord plan) {
  Send(host, std::move(plan), {}, [](const absl::StatusOr<Committed>&) {
    // The host's standing tells, and the next report plans anew.
  });
}

void PlanBook::Send(Host& host, PlanRecord plan, Change with,
                    Store::Callback<Committed> done) {
  with.event = {.host = host.name(),
                .kind = EventKind::kPlanSent,
                .message = DescribePlan(plan)};
  with.host = ToSave(host);
  const bool proposal = plan.id != 0;
  if (proposal) {
    with.event->message =
        absl::StrCat(PlanName(plan), " applied: ", with.event->message);
    with.update = {.id = plan.id, .state = PlanState::kSent, .term = plan.term};
  }
  plan.state = PlanState::kSent;
  plan.create_time = clock_.Wall();
  PlannerInputs inputs = std::move(plan.inputs);  // the store's only
  if (!proposal) {
    with.plan = plan;
    with.plan->inputs = std::move(inputs);
  }
  host.flight = {};
  host.flight.stage = Stage::kCommitting;
  host.flight.plan = std::move(plan);
  host.flight.begun = host.flight.since = clock_.Monotonic();
  in_flight_.insert(&host);
  journal_.Commit(
      std::move(with),
      [this, &host, session = host.session->id(), done = std::move(done)](
          const absl::StatusOr<Committed>& committed) mutable {
        OnCommitted(host, session, committed);
        std::move(done)(committed);
      });
}

void PlanBook::EndFlight(Host& host) {
  host.flight = {};
  in_flight_.erase(&host);
}

void PlanBook::OnCommitted(Host& host, SessionId session,
                           const absl::StatusOr<Committed>& committed) {
  Flight& flight = host.flight;
  if (!committed.ok()) {
    EndFlight(host);
    host.standing = {"STORE_UNAVAILABLE", OneLine(committed.status()), true};
    settled_(host);
    return;
  }
  if (flight.plan.id == 0) flight.plan.id = committed->plan_id;
  flight.plan.epoch = committed->epoch;
  if (host.proposal && host.proposal->id == flight.plan.id) {
    host.proposal.reset();
  }
  host.record.last_epoch = committed->epoch;
  ++host.record.plan_count;
  if (!host.connected() || host.session->id() != session) {
    RecordUnanswered(host, PlanState::kSuperseded,
                     "the stream ended before the plan was sent");
    return;
  }
  if (host.digest != flight.plan.base || !host.fenced.empty()) {
    RecordUnanswered(host, PlanState::kSuperseded,
                     "the table changed before the plan was sent");
    return;
  }
  flight.stage = Stage::kSent;
  flight.since = clock_.Monotonic();
  if (flight.plan.author == kBalancer) {
    brake_.NotePlanned(host.name(), flight.since);
  }
  host.session->link().SendPlan(
      {.plan = {.host = host.name(),
                .store_id = store_.identity().store_id,
                .term = flight.plan.term,
                .epoch = flight.plan.epoch,
                .base = flight.plan.base,
                .table = flight.plan.table},
       .deadline = kDeadline,
       .policy_revision = flight.plan.policy_revision});
}

void PlanBook::OnResult(Host& host, const PlanResult& result) {
  if (IsOfFlight(host, result)) {
    host.flight.ask_again = !AdoptTable(host, result);
  }
  Settle(host, result);
}

void PlanBook::Settle(Host& host, const PlanResult& result) {
  const Flight& flight = host.flight;
  if (IsOfFlight(host, result)) {
    SettleFlight(host, result);
  } else if (flight.stage == Stage::kNone || flight.plan.term != result.term ||
             flight.plan.epoch != result.epoch) {
    SettleStored(host, result);
  }
  // Otherwise it is being recorded, and acknowledged after that.
}

void PlanBook::SettleFlight(Host& host, const PlanResult& result) {
  Flight& flight = host.flight;
  flight.acknowledge = true;
  flight.left = result.digest;
  if (result.state != ApplyState::kRejected) {
    host.record.term = flight.plan.term;
    host.record.epoch = flight.plan.epoch;
  }
  PlanUpdate update = UpdateFrom(flight.plan, result, clock_.Wall());
  const std::string message = DescribeResult(update, flight.plan.moves.size());
  if (update.state == PlanState::kRejected) {
    host.refusal = {flight.plan.base, flight.plan.digest, result.reason,
                    clock_.Monotonic()};
    if (flight.plan.author == kBalancer) {
      brake_.NoteRejected(host.name(), clock_.Monotonic());
    }
  }
  Record(host, std::move(update), message);
}

bool PlanBook::AdoptTable(Host& host, const PlanResult& result) {
  const PlanRecord& plan = host.flight.plan;
  if (result.digest != host.digest) {
    Table table;
    switch (result.state) {
      case ApplyState::kApplied:
        table = plan.table;
        break;
      case ApplyState::kPartial:
        table = PartlyApplied(host.record.table, plan.table, result);
        break;
      case ApplyState::kRejected:
        return false;
    }
    // The host may have come back with another layout than the plan's.
    if (!ValidateTable(table, host.record.layout).ok() ||
        ComputeDigest(table) != result.digest) {
      return false;
    }
    SetTable(host, std::move(table), result.digest, clock_.Monotonic());
  }
  return true;
}

void PlanBook::SettleStored(Host& host, PlanResult result) {
  const Epoch epoch = result.epoch;
  // Said again meanwhile; the one answer is acknowledged.
  if (!host.settling.insert(epoch).second) return;
  store_.GetPlan(host.name(), epoch,
                 [this, &host, result = std::move(result)](
                     const absl::StatusOr<PlanRecord>& plan) {
                   OnStoredPlan(host, result, plan);
                 });
}

void PlanBook::OnStoredPlan(Host& host, const PlanResult& result,
                            const absl::StatusOr<PlanRecord>& plan) {
  const auto acknowledge = [&host, term = result.term, epoch = result.epoch] {
    host.settling.erase(epoch);
    if (host.connected()) host.session->link().SendPlanResultAck(term, epoch);
  };
  if (!plan.ok() && !absl::IsNotFound(plan.status())) {
    // Not acknowledged, so the agent says it again in its next hello.
    host.settling.erase(result.epoch);
    spdlog::warn("host {}: the result of plan {} waits: {}", host.name(),
                 result.epoch.value(), OneLine(plan.status()));
    return;
  }
  if (!plan.ok() || plan->term != result.term || !IsOpen(plan->state)) {
    acknowledge();
    return;
  }
  if (plan->id == host.flight.plan.id) {
    // Said before the plan was sent, so this is no answer to it.
    host.settling.erase(result.epoch);
    return;
  }
  PlanUpdate update = UpdateFrom(*plan, result, clock_.Wall());
  Change change;
  change.event = PlanEvent(*plan, update.state,
                           DescribeResult(update, plan->moves.size()));
  change.update = std::move(update);
  journal_.Commit(std::move(change),
                  [&host, epoch = result.epoch,
                   acknowledge](const absl::StatusOr<Committed>& committed) {
                    host.settling.erase(epoch);
                    if (committed.ok()) acknowledge();
                  });
}

void PlanBook::Record(Host& host, PlanUpdate update,
                      const std::string& message) {
  Flight& flight = host.flight;
  flight.stage = Stage::kRecording;
  flight.since = clock_.Monotonic();
  Change change;
  change.event = PlanEvent(flight.plan, update.state, message);
  change.update = std::move(update);
  flight.outcome = std::move(change);
  CommitOutcome(host);
}

void PlanBook::RecordUnanswered(Host& host, PlanState state,
                                const std::string& why) {
  host.flight.acknowledge = false;
  PlanUpdate update{.id = host.flight.plan.id,
                    .state = state,
                    .result_time = clock_.Wall(),
                    .rejection = why};
  Record(host, std::move(update), why);
}

void PlanBook::CommitOutcome(Host& host) {
  host.flight.commit_under_way = true;
  host.flight.outcome->host = host.record;  // which may have changed since
  journal_.Commit(*host.flight.outcome,
                  [this, &host](const absl::StatusOr<Committed>& committed) {
                    OnOutcomeCommitted(host, committed);
                  });
}

void PlanBook::OnOutcomeCommitted(Host& host,
                                  const absl::StatusOr<Committed>& committed) {
  host.flight.commit_under_way = false;
  if (!committed.ok()) return;  // Tick() tries again
  Flight flight = std::move(host.flight);
  EndFlight(host);
  PlanRecord plan = std::move(flight.plan);
  const PlanUpdate& update = *flight.outcome->update;
  plan.state = update.state;
  for (const MoveResult& move : update.moves) {
    if (move.outcome != MoveOutcome::kNotMoved) ++host.record.move_count;
  }
  if (flight.acknowledge && host.connected()) {
    host.session->link().SendPlanResultAck(plan.term, plan.epoch);
  }
  if (CanFollow(plan.state, PlanState::kMeasured) &&
      flight.left == host.digest) {
    StartMeasuring(host, plan);
  }
  if (flight.ask_again) {
    AskForHello(host, absl::StrCat("the table after plan ", plan.epoch.value(),
                                   " is not known here"));
  }
  settled_(host);
}

void PlanBook::Restore(Host& host, PlanRecord plan) {
  if (CanFollow(plan.state, PlanState::kMeasured)) {
    StartMeasuring(host, plan);
    return;
  }
  if (!IsOpen(plan.state)) return;
  host.flight = {};
  host.flight.stage = Stage::kSent;
  host.flight.begun = host.flight.since = clock_.Monotonic();
  host.flight.plan = std::move(plan);
  in_flight_.insert(&host);
  OnSessionLost(host);
}

void PlanBook::OnSessionLost(Host& host) {
  Flight& flight = host.flight;
  if (flight.stage != Stage::kSent ||
      flight.plan.state == PlanState::kUnknown) {
    return;
  }
  flight.plan.state = PlanState::kUnknown;
  Change change;
  change.event = PlanEvent(flight.plan, PlanState::kUnknown,
                           "the stream ended before the agent answered");
  change.update = {.id = flight.plan.id,
                   .state = PlanState::kUnknown,
                   .rejection = "the stream ended before the agent answered"};
  journal_.Commit(std::move(change), [](const absl::StatusOr<Committed>&) {
    // The next hello settles the plan, whether this was kept or not.
  });
}

void PlanBook::Reconcile(Host& host, const Hello& hello) {
  Flight& flight = host.flight;
  const bool answered = hello.last_result.has_value() &&
                        hello.last_result->epoch == flight.plan.epoch &&
                        hello.last_result->term == flight.plan.term;
  if (flight.stage == Stage::kSent && !answered &&
      hello.applying_epoch != flight.plan.epoch) {
    const bool seen = std::tie(hello.seen_term, hello.seen_epoch) >=
                      std::tie(flight.plan.term, flight.plan.epoch);
    if (seen) {
      RecordUnanswered(host, PlanState::kUnknown,
                       "the agent saw the plan and has no result of it");
    } else if (clock_.Wall() - flight.plan.create_time > kDeadline) {
      RecordUnanswered(host, PlanState::kExpired,
                       "the plan did not reach the agent in time");
    } else {
      RecordUnanswered(host, PlanState::kSuperseded,
                       "the plan did not reach the agent");
    }
  } else if (flight.stage == Stage::kSent) {
    flight.since = clock_.Monotonic();
  }
  if (!hello.last_result) return;
  // Of a plan of another store, from before this one was adopted.
  const StoreIdentity identity = store_.identity();
  const bool foreign = !hello.store_id.empty() &&
                       hello.store_id != identity.store_id &&
                       hello.last_result->term < identity.adopted_term;
  if (foreign) {
    host.session->link().SendPlanResultAck(hello.last_result->term,
                                           hello.last_result->epoch);
  } else {
    // The hello's table is the newer one.
    Settle(host, *hello.last_result);
  }
}

PlanBook::InFlight PlanBook::CountInFlight() const {
  const MonotonicTime now = clock_.Monotonic();
  InFlight count;
  for (const Host* host : in_flight_) {
    if (!host->connected() || !host->fenced.empty()) continue;
    const auto age = now - host->flight.begun;
    if (age <= kOverdue) {
      ++count.fresh;
    } else if (age <= kAnswerLimit) {
      ++count.overdue;
    }
  }
  return count;
}

void PlanBook::Tick(Host& host) {
  Flight& flight = host.flight;
  if (flight.stage == Stage::kRecording && !flight.commit_under_way) {
    CommitOutcome(host);
  }
  if (flight.stage == Stage::kSent && host.connected() && host.fenced.empty() &&
      clock_.Monotonic() - flight.since > kAnswerLimit) {
    flight.since = clock_.Monotonic();
    AskForHello(host, absl::StrCat("plan ", flight.plan.epoch.value(),
                                   " was not answered"));
  }
}

}  // namespace lb::controller
