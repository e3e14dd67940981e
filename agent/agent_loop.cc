#include "agent/agent_loop.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/plan_guard.h"
#include "agent/report_merger.h"
#include "common/format_number.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::agent {
namespace {

constexpr std::size_t kMaxEvents = 64;

bool AnyNotMoved(const ApplyResult& applied) {
  return std::any_of(
      applied.moves.begin(), applied.moves.end(),
      [](const MoveResult& m) { return m.outcome == MoveOutcome::kNotMoved; });
}

// The table that the moves make of `base`. A takeover makes it another.
Digest AfterMoves(Table base, const ApplyResult& applied) {
  for (const MoveResult& move : applied.moves) {
    if (move.outcome == MoveOutcome::kNotMoved) continue;
    base.owner[move.move.bucket.index()] = move.move.to;
  }
  return ComputeDigest(base);
}

FairQueueLimits InRange(FairQueueLimits limits) {
  if (limits.quantum.count() != 0) {
    limits.quantum = std::clamp(limits.quantum, kMinQuantum, kMaxQuantum);
  }
  return limits;
}

std::string WhyChanged(const LoadSample& sample) {
  std::string why = "takeover";
  for (const Takeover& takeover : sample.takeovers) {
    absl::StrAppend(&why, "; ", Describe(takeover));
  }
  return why;
}

}  // namespace

Agent::Agent(AgentOptions options, AgentSeams seams, PlanFile file,
             PlanRecord record)
    : options_(std::move(options)),
      dataplane_(seams.dataplane),
      queries_(seams.queries),
      link_(seams.link),
      clock_(seams.clock),
      file_(std::move(file)),
      record_(std::move(record)),
      table_(ComputeDigest(seams.dataplane.table())),
      session_(options_.session, seams.link, seams.clock),
      policy_(options_.policy),
      next_tick_(seams.clock.Monotonic() + policy_.report_interval),
      next_look_(seams.clock.Monotonic() + kStallLookInterval) {}

absl::Status Agent::Start() {
  record_.table = dataplane_.table();
  return file_.Save(record_);
}

void Agent::Announce(AgentEventKind kind, std::string message) {
  spdlog::warn("{}", message);
  if (events_.size() == kMaxEvents) {
    spdlog::warn("event dropped, too many wait: {}", events_.front().message);
    events_.pop_front();
  }
  events_.push_back({kind, std::move(message), clock_.Wall()});
}

MonotonicTime Agent::Advance() {
  session_.Expire();
  if (session_.due()) session_.Open(MakeHello());
  if (clock_.Monotonic() >= next_tick_) Tick();
  if (clock_.Monotonic() >= next_look_) LookForStalls();
  Flush();
  return std::min({next_tick_, next_look_, session_.next()});
}

void Agent::Handle(const Incoming& incoming) {
  if (!session_.IsCurrent(incoming)) return;
  std::visit([&](const auto& message) { On(incoming, message); },
             incoming.message);
}

Hello Agent::MakeHello() const {
  Hello hello;
  hello.host = record_.host;
  hello.instance_id = options_.instance_id;
  hello.boot_id = options_.boot_id;
  hello.software_version = options_.software_version;
  hello.labels = options_.labels;
  hello.layout = dataplane_.layout();
  hello.table = dataplane_.table();
  hello.seen_term = record_.seen_term;
  hello.seen_epoch = record_.seen_epoch;
  hello.store_id = record_.store_id;
  hello.last_result = record_.unacknowledged;
  return hello;
}

void Agent::Tick() {
  const MonotonicTime now = clock_.Monotonic();
  next_tick_ += policy_.report_interval;
  if (next_tick_ <= now) next_tick_ = now + policy_.report_interval;
  SaveIfDirty();
  LoadSample sample = dataplane_.Sample();
  spdlog::debug("interval: {} served, {} dropped, {} queued",
                FormatNumber(sample.counters.served, "packet"),
                sample.counters.dropped_total(), sample.counters.queued);
  TakeIn(std::move(sample));
}

void Agent::LookForStalls() {
  next_look_ = clock_.Monotonic() + kStallLookInterval;
  // The controller is to hear of it now, not at the end of the interval.
  if (dataplane_.TakeOverStalled()) TakeIn(dataplane_.Sample());
}

void Agent::TakeIn(LoadSample sample) {
  for (ConditionWatch::Finding& finding : watch_.Look(sample)) {
    Announce(finding.kind, std::move(finding.message));
  }
  if (sample.table_end != table_) {
    table_ = sample.table_end;
    record_.table = dataplane_.table();
    dirty_ = true;
    SaveIfDirty();
    const std::string why = WhyChanged(sample);
    spdlog::warn("the data plane changed its table by itself: {}", why);
    if (session_.ready()) link_.Send(TableChanged{*record_.table, why});
  }
  Report report;
  report.sample = std::move(sample);
  report.term = record_.term;
  report.epoch = record_.epoch;
  report.policy_revision = policy_.revision;
  report_ = report_ && Mergeable(*report_, report) ? Merge(*report_, report)
                                                   : std::move(report);
}

void Agent::Flush() {
  if (!session_.ready()) return;
  for (; !events_.empty(); events_.pop_front()) link_.Send(events_.front());
  if (!report_) return;
  report_->sequence = session_.reports() + 1;
  if (link_.TrySend(*report_)) {
    session_.CountReport();
    report_.reset();
  }
}

void Agent::SaveIfDirty() {
  if (!dirty_) return;
  const absl::Status saved = file_.Save(record_);
  dirty_ = !saved.ok();
  if (dirty_) {
    spdlog::error("last plan not kept, will try again: {}", OneLine(saved));
  }
}

void Agent::On(const Incoming&, const Welcome& welcome) {
  if (!session_.OnWelcome(welcome)) {
    spdlog::warn("ignored a second Welcome in one session");
    return;
  }
  On({}, welcome.policy);
}

void Agent::On(const Incoming& incoming, const PlanCommand& command) {
  if (IsAnsweredAlready(command.plan)) {
    link_.Send(*record_.unacknowledged);
    return;
  }
  const absl::Status fit = CheckAndKeep(incoming, command);
  if (!fit.ok()) {
    Reject(command, fit);
    return;
  }
  // A report belongs to one table: one ends here, one spans the change, and
  // the next is the new table's.
  TakeIn(dataplane_.Sample());
  Flush();
  record_.unacknowledged = Apply(command);
  record_.applying = false;
  dirty_ = true;
  SaveIfDirty();
  // Takeovers are told before the result, whose digest is of the table that
  // they left.
  TakeIn(dataplane_.Sample());
  if (record_.unacknowledged->applied.table != table_) {
    record_.unacknowledged->applied.table = table_;
    dirty_ = true;
    SaveIfDirty();
  }
  link_.Send(*record_.unacknowledged);
  next_tick_ = clock_.Monotonic() + policy_.report_interval;
}

absl::Status Agent::CheckAndKeep(const Incoming& incoming,
                                 const PlanCommand& command) {
  if (!session_.ready()) {
    return absl::FailedPreconditionError("plan came before the Welcome");
  }
  const Plan& plan = command.plan;
  LB_RETURN_IF_ERROR(CheckPlan(
      command,
      {record_, dataplane_.layout(), table_, session_.welcome().store_id,
       incoming.received, clock_.Monotonic()}));
  PlanRecord seen = record_;
  seen.store_id = plan.store_id;
  seen.seen_term = plan.term;
  seen.seen_epoch = plan.epoch;
  seen.applying = true;
  const absl::Status saved = file_.Save(seen);
  if (!saved.ok()) return Annotate(saved, "plan cannot be kept");
  record_ = std::move(seen);
  return absl::OkStatus();
}

PlanResult Agent::Apply(const PlanCommand& command) {
  const Plan& plan = command.plan;
  PlanResult result;
  result.term = plan.term;
  result.epoch = plan.epoch;
  const Table base = dataplane_.table();
  absl::StatusOr<ApplyResult> applied = dataplane_.Apply(plan.table);
  if (!applied.ok()) {
    result.reason = OneLine(applied.status());
    result.applied.table = table_;
    return result;
  }
  result.applied = *std::move(applied);
  const bool whole =
      result.applied.table == command.digest && !AnyNotMoved(result.applied);
  result.state = whole ? ApplyState::kApplied : ApplyState::kPartial;
  table_ = AfterMoves(base, result.applied);
  record_.term = plan.term;
  record_.epoch = plan.epoch;
  record_.table = dataplane_.table();
  spdlog::info(
      "plan {} {}: {}", plan.epoch.value(),
      result.state == ApplyState::kApplied ? "applied" : "partly applied",
      FormatNumber(result.applied.moves.size(), "move"));
  return result;
}

void Agent::Reject(const PlanCommand& command, const absl::Status& why) {
  PlanResult result;
  result.term = command.plan.term;
  result.epoch = command.plan.epoch;
  result.expired = absl::IsDeadlineExceeded(why);
  result.reason = OneLine(why);
  result.applied.table = table_;
  spdlog::warn("plan {} rejected: {}", result.epoch.value(), result.reason);
  link_.Send(result);
  // What a plan did matters more than what another did not.
  if (record_.unacknowledged &&
      record_.unacknowledged->state != ApplyState::kRejected) {
    return;
  }
  record_.unacknowledged = std::move(result);
  dirty_ = true;
  SaveIfDirty();
}

bool Agent::IsAnsweredAlready(const Plan& plan) const {
  return session_.ready() && plan.host == record_.host &&
         plan.store_id == record_.store_id && plan.term == record_.seen_term &&
         plan.epoch == record_.seen_epoch && record_.unacknowledged &&
         record_.unacknowledged->term == plan.term &&
         record_.unacknowledged->epoch == plan.epoch;
}

void Agent::On(const Incoming&, const PlanResultAck& ack) {
  if (!record_.unacknowledged || record_.unacknowledged->term != ack.term ||
      record_.unacknowledged->epoch != ack.epoch) {
    return;
  }
  record_.unacknowledged.reset();
  dirty_ = true;
  SaveIfDirty();
}

void Agent::On(const Incoming&, const AgentPolicy& policy) {
  const FairQueueLimits before = policy_.fair_queue;
  policy_ = policy;
  policy_.report_interval = std::clamp(policy.report_interval,
                                       kMinReportInterval, kMaxReportInterval);
  next_tick_ =
      std::min(next_tick_, clock_.Monotonic() + policy_.report_interval);
  policy_.fair_queue = InRange(policy.fair_queue);
  if (policy_.fair_queue == before) return;
  dataplane_.SetFairQueue(policy_.fair_queue);
  spdlog::info("fair queue: quantum {} us, limit {} packets; 0 is our own",
               policy_.fair_queue.quantum.count(), policy_.fair_queue.packets);
}

void Agent::On(const Incoming&, const GoAway& go_away) {
  session_.OnGoAway(go_away);
}

// It holds until the next one, without a controller as well.
void Agent::On(const Incoming&, const Drain& drain) {
  std::vector<ProcessorId> known;
  for (const std::uint32_t p : drain.processors) {
    if (p < dataplane_.layout().processors.size()) {
      known.emplace_back(static_cast<ProcessorId::rep>(p));
    } else {
      spdlog::warn("the controller drains processor {}, which is not here", p);
    }
  }
  dataplane_.SetDrained(known);
  if (known.empty()) {
    spdlog::info("no processor is drained");
  } else {
    spdlog::info("{} drained, to which takeovers give no buckets",
                 FormatNumber(known.size(), "processor"));
  }
}

void Agent::On(const Incoming& incoming, const Query& query) {
  Answer refusal;
  refusal.id = query.id;
  if (!query.what.ok()) {
    refusal.error = OneLine(query.what.status());
  } else if (!queries_.TryAsk(incoming.session, query.id, *query.what)) {
    refusal.error = absl::StrCat("busy: ", QueryThread::kMaxWaiting,
                                 " queries wait already; ask again later");
  }
  if (!refusal.error.empty()) link_.Send(refusal);
}

void Agent::On(const Incoming&, const Answer& answer) { link_.Send(answer); }

void Agent::On(const Incoming&, const LinkDown& down) { session_.OnDown(down); }

}  // namespace lb::agent
