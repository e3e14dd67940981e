#include "tests/support/memory_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lb::controller {

void MemoryStore::Do(Task work) {
  if (held_) {
    waiting_.push_back(std::move(work));
  } else {
    std::move(work)();
  }
}

void MemoryStore::Release() {
  held_ = false;
  for (Task& work : std::exchange(waiting_, {})) std::move(work)();
}

void MemoryStore::ReleaseFirst(std::size_t count) {
  for (; count > 0 && !waiting_.empty(); --count) {
    Task work = std::move(waiting_.front());
    waiting_.pop_front();
    std::move(work)();
  }
}

template <class T>
void MemoryStore::Answer(absl::StatusOr<T> result, Callback<T> callback) {
  executor_.Post(
      [result = std::move(result), callback = std::move(callback)]() mutable {
        std::move(callback)(std::move(result));
      });
}

std::size_t MemoryStore::Count(EventKind kind) const {
  return static_cast<std::size_t>(
      std::count_if(now_.events.begin(), now_.events.end(),
                    [&](const Event& event) { return event.kind == kind; }));
}

absl::Status MemoryStore::Check(const Change& change) const {
  if (change.request) {
    const auto known = now_.requests.find(
        {change.request->caller, change.request->request_id});
    if (known != now_.requests.end() &&
        known->second.time >= change.request->time - std::chrono::hours(24)) {
      return absl::AlreadyExistsError("the request id was used before");
    }
  }
  if (change.update) {
    const std::uint64_t id = change.update->id;
    if (id == 0 || id > now_.plans.size()) {
      return absl::NotFoundError(absl::StrCat("there is no plan with id ", id));
    }
    if (change.update->term && now_.plans[id - 1].epoch != Epoch()) {
      return absl::InvalidArgumentError("the plan has an epoch");
    }
  }
  std::vector<std::string> named;
  if (change.plan) named.push_back(change.plan->host);
  if (change.policy) named.push_back(change.policy->host);
  if (change.intent) named.push_back(change.intent->host);
  if (change.forget) named.push_back(*change.forget);
  for (const std::string& host : named) {
    const bool written = change.host && change.host->host == host;
    if (!host.empty() && !written && !now_.hosts.contains(host)) {
      return absl::NotFoundError(absl::StrCat("there is no host ", host));
    }
  }
  if (change.decision && !change.event) {
    return absl::InvalidArgumentError("a decision needs its event");
  }
  if (change.adopt && *change.adopt < identity_.term) {
    return absl::InvalidArgumentError("terms only rise");
  }
  return absl::OkStatus();
}

void MemoryStore::ApplyUpdate(const PlanUpdate& update) {
  PlanRecord& plan = now_.plans[update.id - 1];
  if (update.term) {
    HostRecord& host = now_.hosts[plan.host];
    plan.term = *update.term;
    plan.epoch = host.last_epoch = Epoch(host.last_epoch.value() + 1);
    ++host.plan_count;
  }
  transitions_.push_back({update.id, plan.state, update.state});
  plan.state = update.state;
  if (update.result_time) plan.result_time = update.result_time;
  if (update.rejection) plan.rejection = *update.rejection;
  if (update.cost) plan.cost = update.cost;
  if (update.imbalance_achieved) {
    plan.imbalance_achieved = update.imbalance_achieved;
  }
  if (!update.utilization_achieved.empty()) {
    plan.utilization_achieved = update.utilization_achieved;
  }
  for (const MoveResult& result : update.moves) {
    for (MoveRecord& move : plan.moves) {
      if (move.move.bucket != result.move.bucket) continue;
      move.outcome = result.outcome;
      move.pause = result.pause;
    }
    plan.max_pause = std::max(plan.max_pause, result.pause);
    if (result.outcome != MoveOutcome::kNotMoved) {
      ++now_.hosts[plan.host].move_count;
    }
  }
}

void MemoryStore::ApplyHost(const HostRecord& host) {
  HostRecord& stored = now_.hosts[host.host];
  const HostRecord before = std::exchange(stored, host);
  stored.last_epoch = std::max(before.last_epoch, host.last_epoch);
  stored.plan_count = before.plan_count;
  stored.move_count = before.move_count;
  stored.intent = before.intent;
  stored.policy = before.policy;
  now_.forgotten.erase(host.host);
}

void MemoryStore::ApplyPlan(PlanRecord& plan) {
  HostRecord& host = now_.hosts[plan.host];
  plan.id = now_.plans.size() + 1;
  plan.move_count = static_cast<std::uint32_t>(plan.moves.size());
  if (plan.state == PlanState::kProposed) {
    now_.proposed.insert(plan.id);
  } else {
    plan.epoch = host.last_epoch = Epoch(host.last_epoch.value() + 1);
    ++host.plan_count;
  }
  now_.plans.push_back(plan);
}

absl::StatusOr<Committed> MemoryStore::Apply(Change& change) {
  if (absl::Status s = Check(change); !s.ok()) return s;
  Committed committed;
  std::string made;
  if (change.host) ApplyHost(*change.host);
  if (change.update) {
    ApplyUpdate(*change.update);
    if (change.update->term) {
      const PlanRecord& plan = now_.plans[change.update->id - 1];
      committed.epoch = plan.epoch;
      made = PlanName(plan);
    }
  }
  if (change.plan) {
    ApplyPlan(*change.plan);
    committed.plan_id = change.plan->id;
    committed.epoch = change.plan->epoch;
    made = PlanName(*change.plan);
    if (change.event) {
      change.event->message = absl::StrCat(made, ": ", change.event->message);
    }
  }
  if (change.policy) {
    std::optional<PolicyRecord>& policy =
        change.policy->host.empty() ? now_.policy
                                    : now_.hosts[change.policy->host].policy;
    policy.reset();
    if (change.policy->policy) {
      now_.policies.push_back(
          {now_.policies.size() + 1, *change.policy->policy});
      policy = now_.policies.back();
      committed.policy_revision = policy->revision;
    }
  }
  if (change.intent) {
    now_.hosts[change.intent->host].intent = change.intent->intent;
  }
  if (change.fleet_pause) now_.fleet_pause = change.fleet_pause->pause;
  if (change.forget) now_.forgotten.insert(*change.forget);
  if (change.adopt) {
    identity_.term = identity_.adopted_term = *change.adopt;
    identity_.fenced.clear();
  }
  committed.revision = ++now_.revision;
  if (change.event) {
    change.event->revision = now_.revision;
    now_.events.push_back(*change.event);
  }
  if (change.decision) {
    change.decision->revision = now_.revision;
    now_.decisions.push_back(*change.decision);
  }
  committed.head = now_.audit.empty() ? AuditHead()
                                      : AuditHead{now_.audit.back().sequence,
                                                  now_.audit.back().hash};
  if (change.audit) {
    AuditRecord& record = *change.audit;
    record.sequence = committed.head.sequence + 1;
    record.revision = now_.revision;
    record.hash = ChainHash(committed.head.hash, record);
    now_.audit.push_back(record);
    committed.head = {record.sequence, record.hash};
  }
  if (change.request) {
    change.request->revision = now_.revision;
    change.request->head = committed.head;
    if (!made.empty()) change.request->subject = made;
    now_.requests[{change.request->caller, change.request->request_id}] =
        *change.request;
  }
  return committed;
}

void MemoryStore::Commit(Change change, Callback<Committed> callback) {
  Do([this, change = std::move(change),
      callback = std::move(callback)]() mutable {
    Answer<Committed>(failure_.ok() ? Apply(change) : failure_,
                      std::move(callback));
  });
}

StoredState MemoryStore::State(WallTime moves_since) const {
  StoredState state;
  state.revision = now_.revision;
  state.policy = now_.policy;
  std::map<std::string, PlanRecord> last;
  std::map<std::string, PlanRecord> proposed;
  for (const auto& [name, host] : now_.hosts) {
    if (now_.forgotten.contains(name)) {
      state.forgotten.push_back({name, host.last_epoch});
    } else {
      state.hosts.push_back(host);
    }
  }
  state.fleet_pause = now_.fleet_pause;
  if (!now_.audit.empty()) {
    state.head = {now_.audit.back().sequence, now_.audit.back().hash};
  }
  for (PlanRecord plan : now_.plans) {
    if (now_.forgotten.contains(plan.host)) continue;
    plan.inputs.bytes.clear();
    if (plan.state == PlanState::kProposed) proposed[plan.host] = plan;
    if (plan.epoch == Epoch()) continue;
    if (plan.epoch > last[plan.host].epoch) last[plan.host] = plan;
    const bool recent =
        plan.create_time >= moves_since ||
        (now_.proposed.contains(plan.id) && plan.result_time >= moves_since);
    if (!recent) continue;
    for (const MoveRecord& move : plan.moves) {
      if (move.outcome && *move.outcome != MoveOutcome::kNotMoved) {
        state.recent_moves.push_back({plan.host, plan.create_time, move.move});
      }
    }
  }
  for (auto& [name, plan] : last) state.last_plans.push_back(plan);
  for (auto& [name, plan] : proposed) state.open_proposals.push_back(plan);
  return state;
}

void MemoryStore::LoadState(WallTime moves_since,
                            Callback<StoredState> callback) {
  Do([this, moves_since, callback = std::move(callback)]() mutable {
    Answer<StoredState>(State(moves_since), std::move(callback));
  });
}

void MemoryStore::GetPlan(std::string host, Epoch epoch,
                          Callback<PlanRecord> callback) {
  Do([this, host, epoch, callback = std::move(callback)]() mutable {
    for (const PlanRecord& plan : now_.plans) {
      if (plan.host == host && plan.epoch == epoch) {
        Answer<PlanRecord>(plan, std::move(callback));
        return;
      }
    }
    Answer<PlanRecord>(absl::NotFoundError(absl::StrCat(
                           "host ", host, " has no plan ", epoch.value())),
                       std::move(callback));
  });
}

void MemoryStore::GetProposal(std::string host, std::uint64_t id,
                              Callback<PlanRecord> callback) {
  Do([this, host, id, callback = std::move(callback)]() mutable {
    if (now_.proposed.contains(id) && now_.plans[id - 1].host == host) {
      Answer<PlanRecord>(now_.plans[id - 1], std::move(callback));
      return;
    }
    Answer<PlanRecord>(absl::NotFoundError(absl::StrCat(
                           "host ", host, " has no proposal ", id)),
                       std::move(callback));
  });
}

void MemoryStore::ListPlans(PlanPage page,
                            Callback<std::vector<PlanRecord>> callback) {
  Do([this, page, callback = std::move(callback)]() mutable {
    std::vector<PlanRecord> found;
    const std::uint64_t before = page.before == 0
                                     ? std::numeric_limits<std::uint64_t>::max()
                                     : page.before;
    for (auto plan = now_.plans.rbegin(); plan != now_.plans.rend(); ++plan) {
      if (found.size() == page.limit) break;
      if (plan->id >= before) continue;
      if (!page.host.empty() && plan->host != page.host) continue;
      found.push_back(*plan);
      found.back().moves.clear();
      found.back().inputs.bytes.clear();
    }
    Answer<std::vector<PlanRecord>>(std::move(found), std::move(callback));
  });
}

void MemoryStore::ListEvents(EventPage page,
                             Callback<std::vector<Event>> callback) {
  Do([this, page, callback = std::move(callback)]() mutable {
    std::vector<Event> found;
    const std::uint64_t before = page.before == 0
                                     ? std::numeric_limits<std::uint64_t>::max()
                                     : page.before;
    for (auto event = now_.events.rbegin(); event != now_.events.rend();
         ++event) {
      if (found.size() == page.limit) break;
      if (event->revision >= before) continue;
      if (!page.host.empty() && event->host != page.host) continue;
      found.push_back(*event);
    }
    Answer<std::vector<Event>>(std::move(found), std::move(callback));
  });
}

void MemoryStore::ListEventsAfter(std::string host, std::uint64_t after,
                                  std::uint32_t limit,
                                  Callback<std::vector<Event>> callback) {
  Do([this, host, after, limit, callback = std::move(callback)]() mutable {
    std::vector<Event> found;
    for (const Event& event : now_.events) {
      if (found.size() == limit) break;
      if (event.revision <= after) continue;
      if (!host.empty() && event.host != host) continue;
      found.push_back(event);
    }
    Answer<std::vector<Event>>(std::move(found), std::move(callback));
  });
}

void MemoryStore::GetPolicy(std::uint64_t revision,
                            Callback<PolicyRecord> callback) {
  Do([this, revision, callback = std::move(callback)]() mutable {
    Answer<PolicyRecord>(
        revision > 0 && revision <= now_.policies.size()
            ? absl::StatusOr<PolicyRecord>(now_.policies[revision - 1])
            : absl::NotFoundError(absl::StrCat("no policy ", revision)),
        std::move(callback));
  });
}

void MemoryStore::GetDecision(std::string host, std::uint64_t revision,
                              Callback<DecisionRecord> callback) {
  Do([this, host, revision, callback = std::move(callback)]() mutable {
    absl::StatusOr<DecisionRecord> found = absl::NotFoundError(
        absl::StrCat("host ", host, " has no decision ", revision));
    for (const DecisionRecord& decision : now_.decisions) {
      if (decision.host == host && decision.revision == revision) {
        found = decision;
      }
    }
    Answer<DecisionRecord>(std::move(found), std::move(callback));
  });
}

void MemoryStore::FindRequest(std::string caller, std::string request_id,
                              Callback<RequestRecord> callback) {
  Do([this, key = std::pair(std::move(caller), std::move(request_id)),
      callback = std::move(callback)]() mutable {
    const auto it = now_.requests.find(key);
    Answer<RequestRecord>(it == now_.requests.end()
                              ? absl::NotFoundError("no such request")
                              : absl::StatusOr<RequestRecord>(it->second),
                          std::move(callback));
  });
}

void MemoryStore::ListAudit(std::uint64_t before, std::uint32_t limit,
                            Callback<std::vector<AuditRecord>> callback) {
  Do([this, before, limit, callback = std::move(callback)]() mutable {
    std::vector<AuditRecord> found;
    for (auto record = now_.audit.rbegin(); record != now_.audit.rend();
         ++record) {
      if (found.size() == limit) break;
      if (before == 0 || record->sequence < before) found.push_back(*record);
    }
    Answer<std::vector<AuditRecord>>(std::move(found), std::move(callback));
  });
}

void MemoryStore::ListAuditAfter(std::uint64_t after, std::uint32_t limit,
                                 Callback<std::vector<AuditRecord>> callback) {
  Do([this, after, limit, callback = std::move(callback)]() mutable {
    std::vector<AuditRecord> found;
    for (const AuditRecord& record : now_.audit) {
      if (found.size() == limit) break;
      if (record.sequence > after) found.push_back(record);
    }
    Answer<std::vector<AuditRecord>>(std::move(found), std::move(callback));
  });
}

namespace {

// The page of `samples`, whose rows are numbered from 1.
template <class Stored, class Sample>
std::vector<Stored> PageOf(const std::vector<Sample>& samples,
                           const SamplePage& page) {
  std::vector<Stored> found;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (found.size() == page.limit) break;
    const Sample& sample = samples[i];
    if (i + 1 > page.after && sample.host == page.host &&
        sample.time >= page.from && sample.time < page.to) {
      found.push_back({i + 1, sample});
    }
  }
  return found;
}

// Of the minutes before that of the newest sample, in order of time.
std::vector<LoadRollUp> RollUpsOf(const std::vector<ProcessorSample>& samples,
                                  RollUpPeriod period) {
  WallTime open = WallTime::min();
  for (const ProcessorSample& sample : samples) {
    open = std::max(open, StartOf(RollUpPeriod::kMinute, sample.time));
  }
  std::map<std::pair<WallTime, std::string>, LoadRollUp> sums;
  for (const ProcessorSample& sample : samples) {
    if (sample.time >= open) continue;
    const WallTime start = StartOf(period, sample.time);
    LoadRollUp& sum = sums[{start, sample.host}];
    sum.host = sample.host;
    sum.time = start;
    AddReport(sample, sum);
  }
  std::vector<LoadRollUp> found;
  for (auto& [key, sum] : sums) found.push_back(std::move(sum));
  return found;
}

}  // namespace

void MemoryStore::ListRollUps(RollUpPeriod period, SamplePage page,
                              Callback<std::vector<StoredRollUp>> callback) {
  Do([this, period, page, callback = std::move(callback)]() mutable {
    Answer<std::vector<StoredRollUp>>(
        PageOf<StoredRollUp>(RollUpsOf(processor_samples_, period), page),
        std::move(callback));
  });
}

void MemoryStore::ListProcessorSamples(
    SamplePage page, Callback<std::vector<StoredProcessorSample>> callback) {
  Do([this, page, callback = std::move(callback)]() mutable {
    Answer<std::vector<StoredProcessorSample>>(
        PageOf<StoredProcessorSample>(processor_samples_, page),
        std::move(callback));
  });
}

void MemoryStore::ListBucketSamples(
    SamplePage page, Callback<std::vector<StoredBucketSample>> callback) {
  Do([this, page, callback = std::move(callback)]() mutable {
    Answer<std::vector<StoredBucketSample>>(
        PageOf<StoredBucketSample>(bucket_samples_, page), std::move(callback));
  });
}

void MemoryStore::BackUp(std::string directory, Callback<BackupInfo> callback) {
  Do([this, directory, callback = std::move(callback)]() mutable {
    Answer<BackupInfo>(BackupInfo{.revision = now_.revision},
                       std::move(callback));
  });
}

}  // namespace lb::controller
