#include "controller/core/plan_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/plan_outcome.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

using Stage = Flight::Stage;

void AskForHello(Host& host, const std::string& why) {
  if (!host.connected()) return;
  host.session->link().SendGoAway({why, std::chrono::milliseconds(0)});
  host.session->link().Close(absl::AbortedError(why));
}

Event PlanEvent(const PlanRecord& plan, PlanState state,
                std::string_view message) {
  return {.host = plan.host,
          .kind = EventOf(state),
          .message = absl::StrCat(PlanName(plan), ": ", ToAbsl(message))};
}

}  // namespace

void PlanBook::Send(Host& host, PlanRecord plan) {
  plan.state = PlanState::kSent;
  plan.create_time = clock_.Wall();
  host.flight = {};
  host.flight.stage = Stage::kCommitting;
  host.flight.plan = plan;
  host.flight.begun = host.flight.since = clock_.Monotonic();
  Change change;
  change.event = {
      .host = host.name(),
      .kind = EventKind::kPlanSent,
      .message = absl::StrFormat("%d moves, imbalance %.3f, %.3f predicted: %s",
                                 plan.moves.size(), plan.imbalance_before,
                                 plan.imbalance_predicted, plan.reason)};
  change.host = host.record;
  change.plan = std::move(plan);
  journal_.Commit(std::move(change),
                  [this, &host, session = host.session->id()](
                      const absl::StatusOr<Committed>& committed) {
                    OnCommitted(host, session, committed);
                  });
}

void PlanBook::OnCommitted(Host& host, SessionId session,
                           const absl::StatusOr<Committed>& committed) {
  Flight& flight = host.flight;
  if (!committed.ok()) {
    flight = {};
    host.standing = {"STORE_UNAVAILABLE", OneLine(committed.status()), true};
    settled_();
    return;
  }
  flight.plan.id = committed->plan_id;
  flight.plan.epoch = committed->epoch;
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
  const Flight& flight = host.flight;
  const bool in_flight = flight.stage != Stage::kNone &&
                         flight.plan.epoch == result.epoch &&
                         flight.plan.term == result.term;
  if (!in_flight) {
    SettleStored(host, result);
  } else if (flight.stage == Stage::kSent) {
    SettleFlight(host, result);
  }
  // Otherwise it is being recorded, and acknowledged after that.
}

void PlanBook::SettleFlight(Host& host, const PlanResult& result) {
  Flight& flight = host.flight;
  flight.acknowledge = true;
  flight.ask_again = !AdoptTable(host, result);
  PlanUpdate update = UpdateFrom(flight.plan, result, clock_.Wall());
  const std::string message = DescribeResult(update, flight.plan.moves.size());
  if (update.state == PlanState::kRejected) {
    host.refusal = {flight.plan.base, flight.plan.digest, result.reason,
                    clock_.Monotonic()};
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
        table = PartlyApplied(host.record.table, result);
        break;
      case ApplyState::kRejected:
        return false;
    }
    if (ComputeDigest(table) != result.digest) return false;
    SetTable(host, std::move(table), result.digest, clock_.Monotonic());
  }
  if (result.state != ApplyState::kRejected) {
    host.record.term = plan.term;
    host.record.epoch = plan.epoch;
  }
  return true;
}

void PlanBook::SettleStored(Host& host, PlanResult result) {
  const Epoch epoch = result.epoch;
  store_.GetPlan(host.name(), epoch,
                 [this, &host, result = std::move(result)](
                     const absl::StatusOr<PlanRecord>& plan) {
                   OnStoredPlan(host, result, plan);
                 });
}

void PlanBook::OnStoredPlan(Host& host, const PlanResult& result,
                            const absl::StatusOr<PlanRecord>& plan) {
  const auto acknowledge = [&host, term = result.term, epoch = result.epoch] {
    if (host.connected()) host.session->link().SendPlanResultAck(term, epoch);
  };
  if (!plan.ok() && !absl::IsNotFound(plan.status())) {
    // Not acknowledged, so the agent says it again in its next hello.
    spdlog::warn("host {}: the result of plan {} waits: {}", host.name(),
                 result.epoch.value(), OneLine(plan.status()));
    return;
  }
  if (!plan.ok() || plan->term != result.term || !IsOpen(plan->state)) {
    acknowledge();
    return;
  }
  PlanUpdate update = UpdateFrom(*plan, result, clock_.Wall());
  Change change;
  change.event = PlanEvent(*plan, update.state,
                           DescribeResult(update, plan->moves.size()));
  change.update = std::move(update);
  journal_.Commit(std::move(change),
                  [acknowledge](const absl::StatusOr<Committed>& committed) {
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
  change.host = host.record;
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
  journal_.Commit(*host.flight.outcome,
                  [this, &host](const absl::StatusOr<Committed>& committed) {
                    OnOutcomeCommitted(host, committed);
                  });
}

void PlanBook::OnOutcomeCommitted(Host& host,
                                  const absl::StatusOr<Committed>& committed) {
  host.flight.commit_under_way = false;
  if (!committed.ok()) return;  // Tick() tries again
  Flight flight = std::exchange(host.flight, {});
  const PlanUpdate& update = *flight.outcome->update;
  flight.plan.state = update.state;
  for (const MoveResult& move : update.moves) {
    if (move.outcome != MoveOutcome::kNotMoved) ++host.record.move_count;
  }
  if (flight.acknowledge && host.connected()) {
    host.session->link().SendPlanResultAck(flight.plan.term, flight.plan.epoch);
  }
  if (CanFollow(update.state, PlanState::kMeasured) && !flight.ask_again &&
      host.record.epoch == flight.plan.epoch) {
    host.measuring = {.plan_id = flight.plan.id,
                      .epoch = flight.plan.epoch,
                      .table = host.digest,
                      .before = flight.plan.imbalance_before,
                      .predicted = flight.plan.imbalance_predicted};
  }
  if (flight.ask_again) {
    AskForHello(host,
                absl::StrCat("the table after plan ", flight.plan.epoch.value(),
                             " is not known here"));
  }
  settled_();
}

void PlanBook::Restore(Host& host, PlanRecord plan) {
  if (CanFollow(plan.state, PlanState::kMeasured)) {
    if (host.record.epoch != plan.epoch) return;
    host.measuring = {.plan_id = plan.id,
                      .epoch = plan.epoch,
                      .table = host.digest,
                      .before = plan.imbalance_before,
                      .predicted = plan.imbalance_predicted};
    return;
  }
  if (!IsOpen(plan.state)) return;
  host.flight = {};
  host.flight.stage = Stage::kSent;
  host.flight.begun = host.flight.since = clock_.Monotonic();
  host.flight.plan = std::move(plan);
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
  if (hello.last_result) OnResult(host, *hello.last_result);
}

void PlanBook::OnReport(Host& host, const LoadSample& load) {
  if (!host.measuring || !OfCurrentTable(host, load)) return;
  Measuring& measuring = *host.measuring;
  if (measuring.processors.size() != load.processors.size()) {
    measuring.processors.assign(load.processors.size(), {});
    measuring.reports = 0;
    measuring.interval = {};
  }
  for (std::size_t i = 0; i < load.processors.size(); ++i) {
    ProcessorLoad& sum = measuring.processors[i];
    sum.busy += load.processors[i].busy;
    sum.capacity_permille = load.processors[i].capacity_permille;
    sum.in_service = load.processors[i].in_service;
  }
  const auto elapsed = load.end - load.start;
  measuring.interval += elapsed;
  if (elapsed >= balance::HostLoad::kShortestReport) ++measuring.reports;
  if (measuring.reports < balance::HostLoad::kEnoughReports ||
      measuring.commit_under_way) {
    return;
  }
  LoadSample merged;
  merged.end = measuring.interval;
  merged.processors = measuring.processors;
  CommitMeasured(host, balance::Imbalance(UsageOf(merged, host.record.table)));
}

void PlanBook::CommitMeasured(Host& host, double achieved) {
  Measuring& measuring = *host.measuring;
  measuring.commit_under_way = true;
  PlanRecord named;
  named.host = host.name();
  named.epoch = measuring.epoch;
  Change change;
  change.event = PlanEvent(
      named, PlanState::kMeasured,
      absl::StrFormat("imbalance %.3f before, %.3f predicted, %.3f achieved",
                      measuring.before, measuring.predicted, achieved));
  change.update = {.id = measuring.plan_id,
                   .state = PlanState::kMeasured,
                   .imbalance_achieved = achieved};
  journal_.Commit(std::move(change),
                  [&host, id = measuring.plan_id](
                      const absl::StatusOr<Committed>& committed) {
                    if (!host.measuring || host.measuring->plan_id != id) {
                      return;
                    }
                    host.measuring->commit_under_way = false;
                    // Otherwise with the next report, which only makes the
                    // measurement longer.
                    if (committed.ok()) host.measuring.reset();
                  });
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
