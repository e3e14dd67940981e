#include "controller/core/fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

Event HostEvent(const Host& host, EventKind kind, std::string message) {
  return {.host = host.name(), .kind = kind, .message = std::move(message)};
}

std::string Describe(const balance::Policy& policy) {
  return absl::StrFormat(
      "mode %s, planner %s, report interval %d ms, half life %d ms, warm-up %d "
      "ms, trigger %d, target %d, floor %d, z %d, max moves %d, cooldown %d "
      "ms, return time %d ms, min gain %d, damping %d (permille), "
      "fair queue quantum %d us, limit %d packets",
      ToAbsl(balance::ModeName(policy.mode)),
      ToAbsl(balance::PlannerKindName(policy.planner)),
      policy.report_interval.count(), policy.half_life.count(),
      policy.warm_up.count(), policy.trigger_permille, policy.target_permille,
      policy.floor_permille, policy.z_permille, policy.max_moves_permille,
      policy.bucket_cooldown.count(), policy.return_time.count(),
      policy.min_gain_permille, policy.damping_permille,
      policy.fair_queue_quantum.count(), policy.fair_queue_limit);
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

}  // namespace

Fleet::Fleet(EventLoop& loop, Store& store, Journal& journal, EventHub& hub,
             const Clock& clock, PlannerFactory planners)
    : loop_(loop),
      store_(store),
      journal_(journal),
      hub_(hub),
      clock_(clock),
      planners_(std::move(planners)),
      plans_(store, journal, clock, [this] { TakeUpDirty(); }),
      balance_(store, journal, plans_, clock, [this] { return MayFly(); }) {}

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
  const PolicyRecord stored = state.policy.value_or(PolicyRecord());
  if (absl::Status status = SetPolicy(stored); !status.ok()) {
    ready(status);
    return;
  }
  RestoreHosts(std::move(state));
  journal_.Note(
      {.kind = EventKind::kControllerStarted,
       .message = absl::StrCat("term ", store_.identity().term.value())});
  ScheduleTick();
  if (policy && (*policy != stored.policy || stored.revision == 0)) {
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
  for (PlanRecord& plan : state.last_plans) {
    Host& host = FindOrAdd(plan.host);
    plans_.Restore(host, std::move(plan));
  }
  for (PlanRecord& plan : state.open_proposals) {
    Host& host = FindOrAdd(plan.host);
    host.proposal = std::move(plan);
  }
  // They cool anew: how long ago they moved, no monotonic clock can tell.
  const auto longest =
      std::max(policy().policy.return_time, policy().policy.bucket_cooldown);
  for (const RecentMove& recent : state.recent_moves) {
    if (clock_.Wall() - recent.time >= longest) continue;
    FindOrAdd(recent.host).history.Add({&recent.move, 1}, clock_.Monotonic());
  }
}

absl::Status Fleet::SetPolicy(const PolicyRecord& policy) {
  LB_ASSIGN_OR_RETURN(auto planner, planners_(policy.policy.planner));
  balance_.SetPolicy(policy, std::move(planner));
  return absl::OkStatus();
}

void Fleet::ChangePolicy(const balance::Policy& policy,
                         std::function<void(absl::Status)> done) {
  if (absl::Status valid = balance::ValidatePolicy(policy); !valid.ok()) {
    done(std::move(valid));
    return;
  }
  if (const auto planner = planners_(policy.planner); !planner.ok()) {
    done(planner.status());
    return;
  }
  Change change;
  change.event = {.kind = EventKind::kPolicyChanged,
                  .message = Describe(policy)};
  change.policy = policy;
  journal_.Commit(std::move(change), [this, policy, done = std::move(done)](
                                         const absl::StatusOr<Committed>&
                                             committed) {
    if (!committed.ok()) {
      done(committed.status());
      return;
    }
    const absl::Status status = SetPolicy({committed->policy_revision, policy});
    if (status.ok()) {
      for (const auto& [id, host] : sessions_) {
        host->session->link().SendPolicy(balance_.policy());
      }
    }
    done(status);
  });
}

void Fleet::ScheduleTick() {
  loop_.PostAt(clock_.Monotonic() + kTick, [this] { Tick(); });
}

void Fleet::Tick() {
  for (const auto& [name, host] : hosts_) {
    plans_.Tick(*host);
    balance_.Tick(*host);
  }
  ScheduleTick();
}

Host* Fleet::Find(SessionId id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second;
}

Host& Fleet::FindOrAdd(const std::string& name) {
  std::unique_ptr<Host>& host = hosts_[name];
  if (!host) {
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
      {store_.identity().store_id, store_.identity().term, policy()});
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
    host.load.emplace(record.layout, record.table, policy().policy.half_life);
    host.last_report.reset();
  }
  host.over_trigger = 0;
  host.decision = {};
  host.dirty = false;
  host.standing = {"NO_REPORT", "no report yet", true};
  host.standing_times = 0;
  host.fenced = FencedReason(host, hello);
}

std::string Fleet::FencedReason(const Host& host, const Hello& hello) const {
  const StoreIdentity identity = store_.identity();
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
      absl::StrCat("version ", host.record.software_version, ", ",
                   host.record.layout.processors.size(), " processors, ",
                   host.record.layout.buckets, " buckets"));
  change.host = host.record;
  journal_.Commit(std::move(change), [](const absl::StatusOr<Committed>&) {
    // Every plan and every later event of this kind brings the record again.
  });
  if (!host.fenced.empty()) {
    host.standing = {"FENCED", host.fenced, true};
    if (host.recorded_code != "FENCED") {
      host.recorded_code = "FENCED";
      journal_.Note(HostEvent(host, EventKind::kHostFenced, host.fenced));
    }
  }
}

void Fleet::OnReport(SessionId id, const Report& report) {
  Host* host = Find(id);
  if (host == nullptr) return;
  const absl::Status status =
      host->session->OnReport(report, clock_.Monotonic());
  if (!status.ok()) {
    host->session->link().Close(Annotate(status, "host " + host->name()));
    return;
  }
  balance_.OnReport(*host, report);
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
  Change change;
  change.event = HostEvent(*host, EventKind::kTableChanged, changed.reason);
  change.host = host->record;
  journal_.Commit(std::move(change), [](const absl::StatusOr<Committed>&) {
    // The next plan or hello brings the record again.
  });
}

void Fleet::OnAgentEvent(SessionId id, const AgentEvent& event) {
  Host* host = Find(id);
  if (host == nullptr) return;
  journal_.Note(HostEvent(*host, KindOf(event.kind), event.message));
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
  TakeUpDirty();
}

void Fleet::CloseAll(const GoAway& go_away) {
  for (const auto& [id, host] : sessions_) {
    host->session->link().SendGoAway(go_away);
    host->session->link().Close(absl::UnavailableError(go_away.reason));
  }
}

bool Fleet::MayFly() const {
  const MonotonicTime now = clock_.Monotonic();
  const auto in_flight = std::count_if(
      sessions_.begin(), sessions_.end(), [now](const auto& entry) {
        const Flight& flight = entry.second->flight;
        // One agent that never answers must not hold up all others.
        return flight.stage != Flight::Stage::kNone &&
               now - flight.begun <= PlanBook::kAnswerLimit;
      });
  const std::size_t allowed =
      std::max<std::size_t>(sessions_.size() * kInFlightPercent / 100, 1);
  return static_cast<std::size_t>(in_flight) < allowed;
}

void Fleet::TakeUpDirty() {
  for (const auto& [id, host] : sessions_) balance_.TakeUp(*host);
}

}  // namespace lb::controller
