#include "controller/core/balance_loop.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "balance/plan_request.h"
#include "common/format_number.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/decision_inputs.h"
#include "controller/core/host_intents.h"
#include "controller/core/plan_draft.h"
#include "controller/core/plan_outcome.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

Standing FromDecision(const balance::Decision& decision) {
  return {std::string(balance::VerdictName(decision.verdict)), decision.reason,
          balance::IsFrozen(decision.verdict)};
}

// Whether the last report is fit to plan from.
bool CanPlan(const balance::Decision& decision) {
  return decision.verdict != balance::Verdict::kPlanInFlight &&
         decision.verdict != balance::Verdict::kStale &&
         decision.verdict != balance::Verdict::kNonsensical;
}

}  // namespace

void BalanceLoop::OnReport(Host& host, Report report) {
  host.load->set_half_life(PolicyOf(host).policy.half_life);
  const absl::Status sound = host.load->AddReport(report.load);
  host.nonsense = sound.ok() ? std::string() : OneLine(sound);
  if (!sound.ok()) {
    spdlog::warn("host {}: report {}: {}", host.name(), report.sequence,
                 host.nonsense);
    Decide(host);
    return;
  }
  plans_.OnReport(host, report.load);
  const WallTime time =
      clock_.Wall() -
      std::chrono::duration_cast<WallTime::duration>(host.session->age());
  std::vector<BucketLoad> buckets = std::move(report.load.buckets);
  report.load.buckets.clear();
  // A sliver, as is left where a plan was applied, shows nothing.
  if (!host.last_report || report.load.end - report.load.start >=
                               balance::HostLoad::kShortestReport) {
    host.last_report = report.load;
    host.report_time = time;
  }
  Decide(host);
  KeepTelemetry(host, report, time, std::move(buckets));
}

void BalanceLoop::KeepTelemetry(Host& host, const Report& report, WallTime time,
                                std::vector<BucketLoad> buckets) {
  ProcessorSample sample{.host = host.name(),
                         .time = time,
                         .term = report.term,
                         .epoch = report.epoch,
                         .interval = report.load.end - report.load.start,
                         .processors = report.load.processors};
  on_sample_(sample);
  store_.Append(std::move(sample));
  if (!host.decision.act && host.bucket_sample_time &&
      time - *host.bucket_sample_time < kBucketSampleInterval) {
    return;
  }
  host.bucket_sample_time = time;
  store_.Append(BucketSample{.host = host.name(),
                             .time = time,
                             .term = report.term,
                             .epoch = report.epoch,
                             .buckets = std::move(buckets)});
}

void BalanceLoop::Measure(Host& host) {
  const balance::Policy& policy = PolicyOf(host).policy;
  balance::HostMeasurement measured = MeasurementOf(host);
  if (!host.nonsense.empty()) measured.nonsense = host.nonsense;
  measured.stale =
      host.session->Stale(clock_.Monotonic(), policy.report_interval);
  measured.warming_up = host.session->reported() < policy.warm_up;
  measured.input_bound = host.last_report && InputBound(*host.last_report);
  measured.plan_in_flight = host.flight.stage != Flight::Stage::kNone;
  host.measured = std::move(measured);
  host.measured_over_trigger = host.over_trigger;
}

balance::Mode BalanceLoop::ModeOf(const Host& host) const {
  return ModeUnder(PauseFor(host, pause_), PolicyOf(host).policy.mode);
}

void BalanceLoop::Decide(Host& host) {
  Measure(host);
  const Pause* pause = PauseFor(host, pause_);
  balance::Policy policy = PolicyOf(host).policy;
  policy.mode = ModeOf(host);
  host.decision = balance::Decide(policy, host.measured, host.over_trigger);
  host.over_trigger = host.decision.over_trigger;
  host.dirty = host.decision.verdict == balance::Verdict::kPlanInFlight;
  if (!host.fenced.empty()) {
    host.decision.act = false;
    if (Stand(host, {"FENCED", host.fenced, true})) Record(host, {}, {});
    return;
  }
  const std::vector<Move> to_pins = MovesToPins(host);
  if (!to_pins.empty() && CanPlan(host.decision)) {
    host.decision.act = false;
    CarryPins(host, to_pins);
  } else if (host.decision.act) {
    Act(host);
  } else if (host.decision.verdict == balance::Verdict::kOff &&
             pause != nullptr) {
    if (Stand(host,
              {"PAUSED",
               absl::StrCat("by ", pause->author,
                            pause->reason.empty() ? "" : ": ", pause->reason),
               false})) {
      Record(host, {}, {});
    }
  } else {
    StandBy(host);
  }
}

Standing BalanceLoop::LastRefusal(const Host& host) const {
  if (!host.refusal || clock_.Monotonic() - host.refusal->when >=
                           PolicyOf(host).policy.bucket_cooldown) {
    return {};
  }
  return {
      "LAST_PLAN_REJECTED",
      absl::StrCat("the agent refused the last plan: ", host.refusal->reason),
      false};
}

Standing BalanceLoop::Refused(const Host& host, const PlanRecord& plan) const {
  if (!host.refusal ||
      clock_.Monotonic() - host.refusal->when >=
          PolicyOf(host).policy.return_time ||
      host.refusal->base != plan.base || host.refusal->digest != plan.digest) {
    return {};
  }
  return {
      "LAST_PLAN_REJECTED",
      absl::StrCat("the agent refused this very plan: ", host.refusal->reason),
      false};
}

Standing BalanceLoop::Obstacle(const Host& host) const {
  if (Standing refusal = LastRefusal(host); !refusal.code.empty()) {
    return refusal;
  }
  // An operator waits for a drain; the fleet's limit is the balancer's own.
  if (MustEvacuate(host)) return {};
  const bool advise = ModeOf(host) == balance::Mode::kAdvise;
  if (host.proposal_under_way ||
      (advise && host.proposal && host.proposal->base == host.digest)) {
    return {"PROPOSAL_STANDS",
            absl::StrCat("mode is advise, and ",
                         host.proposal ? PlanName(*host.proposal)
                                       : std::string("a proposal"),
                         " is open for this table"),
            false};
  }
  if (!advise && !may_fly_()) {
    return {"FLEET_LIMIT",
            "as many hosts as allowed at a time have plans in flight", false};
  }
  return {};
}

void BalanceLoop::Act(Host& host) {
  if (Standing obstacle = Obstacle(host); !obstacle.code.empty()) {
    host.dirty = obstacle.code == "FLEET_LIMIT";
    if (host.dirty && !std::exchange(host.waits, true)) {
      waiting_.push_back(&host);
    }
    if (Stand(host, std::move(obstacle))) Record(host, {}, {});
    return;
  }
  const MonotonicTime now = clock_.Monotonic();
  const balance::Policy& policy = PolicyOf(host).policy;
  const auto planner = planners_.Get(policy.planner);
  balance::Snapshot snapshot = SnapshotOf(host);
  host.history.Forget(policy, now);
  host.history.Mark(snapshot, policy, now);
  balance::PlanRequest request =
      balance::RequestFor(policy, host.record.layout.buckets, host.decision);
  // Only emptied: that is done whatever the budget. Balancing comes after it,
  // by its own rules.
  if (MustEvacuate(host)) request.max_moves = 0;
  const auto proposal =
      planner.ok() ? (*planner)->Propose(snapshot, request) : planner.status();
  if (!proposal.ok()) {
    if (Stand(host, {"PLANNER_FAILED", OneLine(proposal.status()), true})) {
      Record(host, {}, {});
    }
    return;
  }
  NameUnsplittable(host, *proposal);
  host.decision = balance::Judge(policy, std::move(host.decision), *proposal);
  if (host.decision.act) {
    Carry(host, *proposal, InputsOf(**planner, snapshot, request));
    return;
  }
  if (Stand(host, FromDecision(host.decision))) {
    Record(host,
           SerializeDecisionInputs(host.measured, host.measured_over_trigger),
           InputsOf(**planner, snapshot, request));
  }
}

void BalanceLoop::NameUnsplittable(Host& host,
                                   const balance::Proposal& proposal) {
  if (host.unsplittable == proposal.unsplittable) return;
  if (proposal.unsplittable) {
    if (!host.standings.Take(clock_.Monotonic()).has_value()) return;
    on_unsplittable_(host.name(), *proposal.unsplittable, proposal.bound);
  }
  host.unsplittable = proposal.unsplittable;
}

void BalanceLoop::Carry(Host& host, const balance::Proposal& proposal,
                        PlannerInputs inputs) {
  const bool evacuates = MustEvacuate(host);
  Standing why = FromDecision(host.decision);
  if (evacuates) why.reason += "; no budget, cooldown or return time";
  std::optional<PlanRecord> plan =
      Draft(host, std::move(why), proposal, std::move(inputs));
  if (!plan) return;
  if (!evacuates && ModeOf(host) == balance::Mode::kAdvise) {
    Propose(host, *std::move(plan));
  } else {
    plans_.Send(host, *std::move(plan));
  }
}

void BalanceLoop::CarryPins(Host& host, const std::vector<Move>& moves) {
  if (Standing refusal = LastRefusal(host); !refusal.code.empty()) {
    if (Stand(host, std::move(refusal))) Record(host, {}, {});
    return;
  }
  const std::string reason = absl::StrCat(
      FormatNumber(moves.size(), "pinned bucket"),
      moves.size() == 1 ? " is" : " are",
      " to go to where pinned; no budget, cooldown or return time");
  const auto proposal =
      ProposeMoves(SnapshotOf(host), moves, "the bucket is pinned there");
  if (!proposal.ok()) {
    if (Stand(host, {"PLANNER_FAILED", OneLine(proposal.status()), true})) {
      Record(host, {}, {});
    }
    return;
  }
  std::optional<PlanRecord> plan =
      Draft(host, {"PIN", reason, false}, *proposal, {});
  if (plan) plans_.Send(host, *std::move(plan));
}

std::optional<PlanRecord> BalanceLoop::Draft(Host& host, Standing why,
                                             const balance::Proposal& proposal,
                                             PlannerInputs inputs) {
  absl::StatusOr<PlanRecord> plan = DraftPlan(
      host.record.table, host.record.layout.processors.size(), proposal);
  Standing obstacle =
      plan.ok() ? Refused(host, *plan)
                : Standing{"PLANNER_FAILED", OneLine(plan.status()), true};
  if (!obstacle.code.empty()) {
    if (Stand(host, std::move(obstacle))) Record(host, {}, std::move(inputs));
    return std::nullopt;
  }
  plan->host = host.name();
  plan->term = store_.identity().term;
  plan->author = std::string(kBalancer);
  plan->verdict = why.code;
  plan->reason = why.reason;
  plan->policy_revision = PolicyOf(host).revision;
  plan->inputs = std::move(inputs);
  host.recorded_code = why.code;
  host.standing = std::move(why);
  host.standing_times = 0;
  return *std::move(plan);
}

void BalanceLoop::Propose(Host& host, PlanRecord plan) {
  plan.state = PlanState::kProposed;
  plan.create_time = clock_.Wall();
  host.proposal_under_way = true;
  Change change;
  change.event = {.host = host.name(),
                  .kind = EventKind::kPlanProposed,
                  .message = DescribePlan(plan)};
  if (host.proposal) {
    change.update = {.id = host.proposal->id,
                     .state = PlanState::kSuperseded,
                     .result_time = clock_.Wall(),
                     .rejection = "a newer proposal took its place"};
  }
  change.host = ToSave(host);
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

void BalanceLoop::OnWishesChanged(Host& host) {
  // What was decided before and put off, was decided on other wishes.
  host.dirty = false;
  host.decision.act = false;
  const bool reported =
      host.connected() && host.session->reported().count() > 0;
  if (reported && (MustEvacuate(host) || !MovesToPins(host).empty())) {
    Decide(host);
  }
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
                                  PolicyOf(host).policy.report_interval)) {
    Act(host);
  }
}

void BalanceLoop::TakeUpWaiting() {
  while (!waiting_.empty() && may_fly_()) {
    Host& host = *waiting_.front();
    waiting_.pop_front();
    host.waits = false;
    TakeUp(host);
  }
}

void BalanceLoop::Tick(Host& host) {
  const balance::Policy& policy = PolicyOf(host).policy;
  if (!host.connected() || !host.fenced.empty() ||
      !host.session->Stale(clock_.Monotonic(), policy.report_interval)) {
    return;
  }
  host.dirty = false;
  host.over_trigger = 0;
  host.standing = {std::string(balance::VerdictName(balance::Verdict::kStale)),
                   absl::StrFormat("no report for %d intervals of %d ms",
                                   HostSession::kStaleIntervals,
                                   policy.report_interval.count()),
                   true};
  if (MayRecord(host)) Record(host, {}, {});
}

bool BalanceLoop::Stand(Host& host, Standing standing) {
  host.standing_times =
      standing.code == host.standing.code ? host.standing_times + 1 : 1;
  host.standing = std::move(standing);
  return host.standing_times >= 2 && MayRecord(host);
}

bool BalanceLoop::MayRecord(Host& host) const {
  return host.standing.code != host.recorded_code &&
         host.standings.Take(clock_.Monotonic()).has_value();
}

void BalanceLoop::StandBy(Host& host) {
  if (!Stand(host, FromDecision(host.decision))) return;
  Record(host,
         SerializeDecisionInputs(host.measured, host.measured_over_trigger),
         {});
}

void BalanceLoop::Record(Host& host, std::string measurement,
                         std::optional<PlannerInputs> inputs) {
  host.recorded_code = host.standing.code;
  Change change;
  change.event = {
      .host = host.name(),
      .kind = EventKind::kNotPlanned,
      .message = absl::StrCat(host.standing.code, ": ", host.standing.reason)};
  change.decision = {.revision = 0,
                     .host = host.name(),
                     .time = {},
                     .verdict = host.standing.code,
                     .reason = host.standing.reason,
                     .policy_revision = PolicyOf(host).revision,
                     .measurement = std::move(measurement),
                     .inputs = std::move(inputs)};
  journal_.Note(std::move(change));
}

}  // namespace lb::controller
