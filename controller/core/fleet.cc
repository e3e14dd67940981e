#include "controller/core/fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/format_number.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/audit_json.h"

namespace lb::controller {
namespace {

Event HostEvent(const Host& host, EventKind kind, std::string message) {
  return {.host = host.name(), .kind = kind, .message = std::move(message)};
}

EventKind KindOf(AgentEventKind kind) {
  switch (kind) {
    case AgentEventKind::kStall:
      return EventKind::kAgentStall;
    case AgentEventKind::kInputBound:
      return EventKind::kAgentInputBound;
    case AgentEventKind::kNewKey:
      return EventKind::kAgentNewKey;
  }
  return EventKind::kAgentStall;
}

// Of the host's table, if there is one that was not told.
Change UntoldChange(Host& host) {
  Change change;
  const std::uint64_t untold = std::exchange(host.untold_changes, 0);
  if (untold > 0) {
    change.event =
        HostEvent(host, EventKind::kTableChanged,
                  absl::StrCat(host.last_change, " (the last of ",
                               FormatNumber(untold, "change"), " at a time)"));
  }
  return change;
}

}  // namespace

Fleet::Fleet(EventLoop& loop, Store& store, Journal& journal, EventHub& hub,
             const Clock& clock, PlannerFactory planners)
    : loop_(loop),
      store_(store),
      journal_(journal),
      hub_(hub),
      clock_(clock),
      planners_(std::move(planners)),
      plans_(store, journal, brake_, clock,
             [this](Host& host) {
               balance_.TakeUp(host);
               balance_.TakeUpWaiting();
             }),
      balance_(store, journal, plans_, planners_, clock,
               [this] { return MayFly(); }) {}

void Fleet::Start(std::optional<balance::Policy> policy,
                  std::function<void(absl::Status)> ready) {
  store_.LoadState(clock_.Wall() - kLookBack,
                   [this, policy, ready = std::move(ready)](
                       absl::StatusOr<StoredState> state) mutable {
                     if (!state.ok()) {
                       ready(state.status());
                       return;
                     }
                     OnLoaded(*std::move(state), policy, std::move(ready));
                   });
}

void Fleet::OnLoaded(StoredState state, std::optional<balance::Policy> policy,
                     std::function<void(absl::Status)> ready) {
  hub_.set_revision(state.revision);
  journal_.Begin(state.revision, state.head);
  const PolicyRecord stored = state.policy.value_or(PolicyRecord());
  if (absl::Status status = CheckPolicy(stored.policy); !status.ok()) {
    ready(status);
    return;
  }
  balance_.SetPolicy(stored);
  balance_.SetPause(state.fleet_pause);
  RestoreHosts(std::move(state));
  journal_.Note(
      {.kind = EventKind::kControllerStarted,
       .message = absl::StrCat("term ", store_.identity().term.value())});
  ScheduleTick();
  if (policy && (*policy != stored.policy || stored.revision == 0)) {
    if (stored.revision != 0) {
      spdlog::warn("the policy file takes the place of default policy {}",
                   stored.revision);
    }
    ChangePolicy(*policy, std::move(ready));
  } else {
    ready(absl::OkStatus());
  }
}

void Fleet::RestoreHosts(StoredState state) {
  for (HostRecord& record : state.hosts) {
    Host& host = FindOrAdd(record.host);
    host.digest = ComputeDigest(record.table);
    host.record = std::move(record);
  }
  for (const ForgottenHost& known : state.forgotten) {
    auto host = std::make_unique<Host>();
    host->record.host = known.host;
    host->record.last_epoch = known.last_epoch;
    forgotten_[known.host] = std::move(host);
  }
  for (PlanRecord& plan : state.last_plans) {
    if (Host* host = FindHost(plan.host)) {
      plans_.Restore(*host, std::move(plan));
    }
  }
  for (PlanRecord& plan : state.open_proposals) {
    if (Host* host = FindHost(plan.host)) host->proposal = std::move(plan);
  }
  // They cool anew: how long ago they moved, no monotonic clock can tell.
  const auto longest =
      std::max(policy().policy.return_time, policy().policy.bucket_cooldown);
  for (const RecentMove& recent : state.recent_moves) {
    Host* host = FindHost(recent.host);
    if (host == nullptr || clock_.Wall() - recent.time >= longest) continue;
    host->history.Add({&recent.move, 1}, clock_.Monotonic());
  }
}

Host* Fleet::FindHost(const std::string& name) {
  const auto it = hosts_.find(name);
  return it == hosts_.end() ? nullptr : it->second.get();
}

bool Fleet::Knows(const std::string& name) const {
  return hosts_.contains(name) || forgotten_.contains(name);
}

HostSession* Fleet::SessionOf(const std::string& host) {
  const Host* found = FindHost(host);
  return found == nullptr ? nullptr : found->session.get();
}

void Fleet::ChangePolicy(const balance::Policy& policy,
                         std::function<void(absl::Status)> done) {
  if (absl::Status fit = CheckPolicy(policy); !fit.ok()) {
    done(std::move(fit));
    return;
  }
  Change change;
  change.event = {.kind = EventKind::kPolicyChanged,
                  .message = DescribePolicy(policy)};
  change.policy = {.policy = policy};
  AuditRecord& audit =
      change.audit.emplace(OwnAudit("configure", "policies/default"));
  audit.reason = "the policy file says so";
  audit.before = PolicyJson(balance_.policy());
  audit.after = PolicyJson(PolicyRecord{.policy = policy});
  journal_.Commit(std::move(change),
                  [this, policy, done = std::move(done)](
                      const absl::StatusOr<Committed>& committed) {
                    if (!committed.ok()) {
                      done(committed.status());
                      return;
                    }
                    SetDefaultPolicy({committed->policy_revision, policy});
                    done(absl::OkStatus());
                  });
}

void Fleet::ScheduleTick() {
  loop_.PostAt(clock_.Monotonic() + kTick, [this] { Tick(); });
}

void Fleet::Tick() {
  for (const auto& [name, host] : hosts_) {
    plans_.Tick(*host);
    balance_.Tick(*host);
    if (host->unsaved && host->saving == 0 && !journal_.degraded()) {
      Keep(*host, UntoldChange(*host));
    }
  }
  HaltIfWrong();
  balance_.TakeUpWaiting();
  journal_.Probe();
  ScheduleTick();
}

Host* Fleet::Find(SessionId id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second;
}

Host& Fleet::FindOrAdd(const std::string& name) {
  std::unique_ptr<Host>& host = hosts_[name];
  if (!host) {
    const auto known = forgotten_.extract(name);
    if (!known.empty()) {
      host = std::move(known.mapped());
      return *host;
    }
    host = std::make_unique<Host>();
    host->record.host = name;
  }
  return *host;
}

bool Fleet::Refuse(Host& host, const Hello& hello, AgentLink& link) {
  if (!host.connected() || host.session->instance_id() == hello.instance_id) {
    return false;
  }
  const std::string message =
      absl::StrCat("instance ", hello.instance_id, " was refused: instance ",
                   host.session->instance_id(),
                   " speaks for the host; stop one of the two agents");
  const MonotonicTime now = clock_.Monotonic();
  if (!host.duplicate_event ||
      now - *host.duplicate_event >= kDuplicateEventInterval) {
    host.duplicate_event = now;
    journal_.Note(HostEvent(host, EventKind::kDuplicateHost, message));
  }
  link.Close(absl::AlreadyExistsError(
      absl::StrCat("host ", host.name(), ": ", message)));
  return true;
}

SessionId Fleet::Open(std::shared_ptr<AgentLink> link, const Hello& hello) {
  if (const absl::Status status = ValidateHello(hello); !status.ok()) {
    spdlog::warn("a hello was refused: {}", OneLine(status));
    link->Close(status);
    return 0;
  }
  Host& host = FindOrAdd(hello.host);
  if (Refuse(host, hello, *link)) return 0;
  if (host.connected()) {
    sessions_.erase(host.session->id());
    host.session->link().Close(absl::AbortedError(
        absl::StrCat("host ", host.name(),
                     ": a newer stream of the same instance took over")));
  }
  TakeOver(host, hello);
  const SessionId id = ++last_session_;
  sessions_[id] = &host;
  host.session = std::make_unique<HostSession>(id, std::move(link), hello,
                                               clock_.Monotonic());
  host.session->link().SendWelcome(
      {store_.identity().store_id, store_.identity().term, PolicyOf(host)});
  SendDrain(host);
  NoteConnected(host);
  if (host.fenced.empty()) plans_.Reconcile(host, hello);
  return id;
}

void Fleet::TakeOver(Host& host, const Hello& hello) {
  HostRecord& record = host.record;
  const bool same_data_plane = host.load.has_value() &&
                               record.instance_id == hello.instance_id &&
                               record.layout == hello.layout;
  if (!same_data_plane) host.load.reset();
  if (record.layout != hello.layout) host.history = {};
  record.layout = hello.layout;
  SetTable(host, hello.table, hello.digest, clock_.Monotonic());
  record.instance_id = hello.instance_id;
  record.boot_id = hello.boot_id;
  record.software_version = hello.software_version;
  record.labels = hello.labels;
  record.connect_time = clock_.Wall();
  if (!same_data_plane) {
    host.load.emplace(record.layout, record.table,
                      PolicyOf(host).policy.half_life);
    host.last_report.reset();
  }
  host.over_trigger = 0;
  host.decision = {};
  host.dirty = false;
  host.standing = {"NO_REPORT", "no report yet", true};
  host.standing_times = 0;
  host.fenced = FencedReason(host, hello);
  // Below what the agent has seen it would take no plan. Committed with the
  // record, before any plan is.
  if (host.fenced.empty()) {
    record.last_epoch = std::max(record.last_epoch, hello.seen_epoch);
  }
}

std::string Fleet::FencedReason(const Host& host, const Hello& hello) const {
  const StoreIdentity identity = store_.identity();
  if (!identity.fenced.empty()) {
    return absl::StrCat("the store is: ", identity.fenced,
                        "; adopt it to go on from it");
  }
  // What was seen before the adoption binds nobody any more.
  if (hello.seen_term < identity.adopted_term) return {};
  if (!hello.store_id.empty() && hello.store_id != identity.store_id) {
    return absl::StrCat("its last plan came from store ", hello.store_id,
                        ", this is store ", identity.store_id);
  }
  if (hello.seen_term > identity.term) {
    return absl::StrCat("it has seen term ", hello.seen_term.value(),
                        ", this controller has term ", identity.term.value());
  }
  if (hello.seen_epoch > host.record.last_epoch) {
    return absl::StrCat("it has seen plan ", hello.seen_epoch.value(),
                        ", this store's last is ",
                        host.record.last_epoch.value());
  }
  return {};
}

void Fleet::NoteConnected(Host& host) {
  Change change;
  change.event = HostEvent(
      host, EventKind::kHostConnected,
      absl::StrCat(
          "version ", host.record.software_version, ", ",
          FormatNumber(host.record.layout.processors.size(), "processor"), ", ",
          FormatNumber(host.record.layout.buckets, "bucket")));
  Keep(host, std::move(change));
  if (!host.fenced.empty()) {
    host.standing = {"FENCED", host.fenced, true};
    if (host.recorded_code != "FENCED") {
      host.recorded_code = "FENCED";
      journal_.Note(HostEvent(host, EventKind::kHostFenced, host.fenced));
    }
  }
}

void Fleet::Keep(Host& host, Change change) {
  change.host = host.record;
  host.unsaved = false;
  ++host.saving;
  journal_.Commit(std::move(change),
                  [&host](const absl::StatusOr<Committed>& committed) {
                    --host.saving;
                    if (!committed.ok()) host.unsaved = true;
                  });
}

void Fleet::OnReport(SessionId id, Report report) {
  Host* host = Find(id);
  if (host == nullptr) return;
  const absl::Status status =
      host->session->OnReport(report, clock_.Monotonic());
  if (!status.ok()) {
    host->session->link().Close(Annotate(status, "host " + host->name()));
    return;
  }
  balance_.OnReport(*host, std::move(report));
}

void Fleet::OnPlanResult(SessionId id, const PlanResult& result) {
  Host* host = Find(id);
  if (host == nullptr || !host->fenced.empty()) return;
  plans_.OnResult(*host, result);
}

void Fleet::OnTableChanged(SessionId id, const TableChanged& changed) {
  Host* host = Find(id);
  if (host == nullptr) return;
  absl::Status status = ValidateTable(changed.table, host->record.layout);
  if (status.ok() && ComputeDigest(changed.table) != changed.digest) {
    status = absl::InvalidArgumentError("its digest is not of this table");
  }
  if (!status.ok()) {
    host->session->link().Close(Annotate(
        status, absl::StrCat("host ", host->name(), ": changed table")));
    return;
  }
  SetTable(*host, changed.table, changed.digest, clock_.Monotonic());
  // What was decided, was decided of another table.
  host->dirty = false;
  host->decision.act = false;
  if (host->table_changes.Take(clock_.Monotonic())) {
    Change change;
    change.event = HostEvent(*host, EventKind::kTableChanged, changed.reason);
    Keep(*host, std::move(change));
  } else {  // the next tick saves and tells it
    host->unsaved = true;
    ++host->untold_changes;
    host->last_change = changed.reason;
  }
}

void Fleet::OnAgentEvent(SessionId id, const AgentEvent& event) {
  Host* host = Find(id);
  if (host == nullptr) return;
  const auto left_out = host->agent_events.Take(clock_.Monotonic());
  if (!left_out) return;
  std::string message = event.message;
  if (*left_out > 0) {
    absl::StrAppend(&message, " (", FormatNumber(*left_out, "event"),
                    " before this one: too many to keep)");
  }
  journal_.Note(HostEvent(*host, KindOf(event.kind), std::move(message)));
}

void Fleet::OnAnswer(SessionId id, const Answer& answer) {
  if (const Host* host = Find(id)) on_answer_(host->name(), answer);
}

void Fleet::OnClosed(SessionId id) {
  Host* host = Find(id);
  if (host == nullptr) return;
  sessions_.erase(id);
  Lose(*host);
}

void Fleet::Lose(Host& host) {
  host.session.reset();
  host.dirty = false;
  host.standing = {"DISCONNECTED", "no stream; goes on with its last table",
                   true};
  host.standing_times = 0;
  journal_.Note(HostEvent(host, EventKind::kHostDisconnected,
                          "goes on with its last table"));
  plans_.OnSessionLost(host);
  balance_.TakeUpWaiting();
}

void Fleet::CloseAll(const GoAway& go_away) {
  for (const auto& [id, host] : sessions_) {
    host->session->link().SendGoAway(go_away);
    host->session->link().Close(absl::UnavailableError(go_away.reason));
  }
}

bool Fleet::MayFly() {
  if (halting_ || FleetBrake::MustHalt(brake_.Look(clock_.Monotonic()))) {
    return false;
  }
  const PlanBook::InFlight in_flight = plans_.CountInFlight();
  const std::size_t allowed =
      std::max<std::size_t>(sessions_.size() * kInFlightPercent / 100, 1);
  return in_flight.fresh < allowed && in_flight.overdue <= allowed;
}

}  // namespace lb::controller
