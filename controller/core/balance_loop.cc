#include "controller/core/balance_loop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "balance/plan_request.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/plan_draft.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

Standing FromDecision(const balance::Decision& decision) {
  return {std::string(balance::VerdictName(decision.verdict)), decision.reason,
          balance::IsFrozen(decision.verdict)};
}

}  // namespace

void BalanceLoop::OnReport(Host& host, const Report& report) {
  host.load->set_half_life(policy_.policy.half_life);
  const absl::Status sound = host.load->AddReport(report.load);
  host.nonsense = sound.ok() ? std::string() : OneLine(sound);
  if (sound.ok()) {
    host.last_report = report.load;
    host.report_time =
        clock_.Wall() -
        std::chrono::duration_cast<WallTime::duration>(host.session->age());
    plans_.OnReport(host, report.load);
  } else {
    spdlog::warn("host {}: report {}: {}", host.name(), report.sequence,
                 host.nonsense);
  }
  Decide(host);
  if (sound.ok()) KeepTelemetry(host, report, host.decision.act);
}

void BalanceLoop::KeepTelemetry(Host& host, const Report& report,
                                bool decided) {
  store_.Append(ProcessorSample{.host = host.name(),
                                .time = host.report_time,
                                .term = report.term,
                                .epoch = report.epoch,
                                .interval = report.load.end - report.load.start,
                                .processors = report.load.processors});
  if (!decided && host.bucket_sample_time &&
      host.report_time - *host.bucket_sample_time < kBucketSampleInterval) {
    return;
  }
  host.bucket_sample_time = host.report_time;
  store_.Append(BucketSample{.host = host.name(),
                             .time = host.report_time,
                             .term = report.term,
                             .epoch = report.epoch,
                             .buckets = report.load.buckets});
}

void BalanceLoop::Decide(Host& host) {
  const balance::Policy& policy = policy_.policy;
  const MonotonicTime now = clock_.Monotonic();
  balance::HostMeasurement measured = host.load->Measure();
  if (!host.nonsense.empty()) measured.nonsense = host.nonsense;
  measured.stale = host.session->Stale(now, policy.report_interval);
  measured.warming_up = host.session->reported() < policy.warm_up;
  measured.input_bound = host.last_report && InputBound(*host.last_report);
  measured.plan_in_flight = host.flight.stage != Flight::Stage::kNone;
  host.decision = balance::Decide(policy, measured, host.over_trigger);
  host.over_trigger = host.decision.over_trigger;
  host.dirty = host.decision.verdict == balance::Verdict::kPlanInFlight;
  if (!host.fenced.empty()) {
    host.decision.act = false;
    Stand(host, {"FENCED", host.fenced, true});
  } else if (host.decision.act) {
    Act(host);
  } else {
    Stand(host, FromDecision(host.decision));
  }
}

Standing BalanceLoop::Obstacle(const Host& host) const {
  if (host.refusal && clock_.Monotonic() - host.refusal->when <
                          policy_.policy.bucket_cooldown) {
    return {
        "LAST_PLAN_REJECTED",
        absl::StrCat("the agent refused the last plan: ", host.refusal->reason),
        false};
  }
  if (host.proposal_under_way ||
      (policy_.policy.mode == balance::Mode::kAdvise && host.proposal &&
       host.proposal->base == host.digest)) {
    return {"PROPOSAL_STANDS",
            absl::StrCat("mode is advise, and ",
                         host.proposal ? PlanName(*host.proposal)
                                       : std::string("a proposal"),
                         " is open for this table"),
            false};
  }
  if (policy_.policy.mode != balance::Mode::kAdvise && !may_fly_()) {
    return {"FLEET_LIMIT",
            "as many hosts as allowed at a time have plans in flight", false};
  }
  return {};
}

void BalanceLoop::Act(Host& host) {
  if (Standing obstacle = Obstacle(host); !obstacle.code.empty()) {
    host.dirty = obstacle.code == "FLEET_LIMIT";
    Stand(host, std::move(obstacle));
    return;
  }
  const MonotonicTime now = clock_.Monotonic();
  balance::Snapshot snapshot = host.load->MakeSnapshot();
  host.history.Forget(policy_.policy, now);
  host.history.Mark(snapshot, policy_.policy, now);
  const balance::PlanRequest request =
      balance::RequestFor(policy_.policy, host.record.layout.buckets);
  const auto proposal = planner_->Propose(snapshot, request);
  if (!proposal.ok()) {
    Stand(host, {"PLANNER_FAILED", OneLine(proposal.status()), true});
    return;
  }
  host.decision =
      balance::Judge(policy_.policy, std::move(host.decision), *proposal);
  if (!host.decision.act) {
    Stand(host, FromDecision(host.decision));
    return;
  }
  Carry(host, snapshot, request, *proposal);
}

void BalanceLoop::Carry(Host& host, const balance::Snapshot& snapshot,
                        const balance::PlanRequest& request,
                        const balance::Proposal& proposal) {
  absl::StatusOr<PlanRecord> plan =
      DraftPlan(host.record.table, *planner_, snapshot, request, proposal);
  if (!plan.ok()) {
    Stand(host, {"PLANNER_FAILED", OneLine(plan.status()), true});
    return;
  }
  if (host.refusal &&
      clock_.Monotonic() - host.refusal->when < policy_.policy.return_time &&
      host.refusal->base == plan->base &&
      host.refusal->digest == plan->digest) {
    Stand(host, {"LAST_PLAN_REJECTED",
                 absl::StrCat("the agent refused this very plan: ",
                              host.refusal->reason),
                 false});
    return;
  }
  plan->host = host.name();
  plan->term = store_.identity().term;
  plan->author = "balancer";
  plan->reason = host.decision.reason;
  plan->policy_revision = policy_.revision;
  host.standing = FromDecision(host.decision);
  host.standing_times = 0;
  host.recorded_code = host.standing.code;
  if (policy_.policy.mode == balance::Mode::kAdvise) {
    Propose(host, *std::move(plan));
  } else {
    plans_.Send(host, *std::move(plan));
  }
}

void BalanceLoop::Propose(Host& host, PlanRecord plan) {
  plan.state = PlanState::kProposed;
  plan.create_time = clock_.Wall();
  host.proposal_under_way = true;
  Change change;
  change.event = {
      .host = host.name(),
      .kind = EventKind::kPlanProposed,
      .message = absl::StrFormat("%d moves, imbalance %.3f, %.3f predicted: %s",
                                 plan.moves.size(), plan.imbalance_before,
                                 plan.imbalance_predicted, plan.reason)};
  if (host.proposal) {
    change.update = {.id = host.proposal->id,
                     .state = PlanState::kSuperseded,
                     .result_time = clock_.Wall(),
                     .rejection = "a newer proposal took its place"};
  }
  change.host = host.record;
  change.plan = plan;
  journal_.Commit(std::move(change),
                  [&host, plan = std::move(plan)](
                      const absl::StatusOr<Committed>& committed) mutable {
                    host.proposal_under_way = false;
                    if (!committed.ok()) return;
                    plan.id = committed->plan_id;
                    host.proposal = std::move(plan);
                  });
}

void BalanceLoop::TakeUp(Host& host) {
  if (!host.dirty || !host.connected() ||
      host.flight.stage != Flight::Stage::kNone) {
    return;
  }
  host.dirty = false;
  if (!host.decision.act) {
    Decide(host);
  } else if (!host.session->Stale(clock_.Monotonic(),
                                  policy_.policy.report_interval)) {
    Act(host);
  }
}

void BalanceLoop::Tick(Host& host) {
  if (!host.connected() || !host.fenced.empty() ||
      host.standing.code == balance::VerdictName(balance::Verdict::kStale) ||
      !host.session->Stale(clock_.Monotonic(),
                           policy_.policy.report_interval)) {
    return;
  }
  host.dirty = false;
  host.over_trigger = 0;
  host.standing = {std::string(balance::VerdictName(balance::Verdict::kStale)),
                   absl::StrFormat("no report for %d intervals of %d ms",
                                   HostSession::kStaleIntervals,
                                   policy_.policy.report_interval.count()),
                   true};
  RecordStanding(host);
}

void BalanceLoop::Stand(Host& host, Standing standing) {
  host.standing_times =
      standing.code == host.standing.code ? host.standing_times + 1 : 1;
  host.standing = std::move(standing);
  if (host.standing_times == 2) RecordStanding(host);
}

void BalanceLoop::RecordStanding(Host& host) {
  if (host.standing.code == host.recorded_code) return;
  host.recorded_code = host.standing.code;
  journal_.Note({.host = host.name(),
                 .kind = EventKind::kNotPlanned,
                 .message = absl::StrCat(host.standing.code, ": ",
                                         host.standing.reason)});
}

}  // namespace lb::controller
