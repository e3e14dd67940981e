#include "tests/support/memory_store.h"

#include <algorithm>
#include <limits>
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

template <class T>
void MemoryStore::Answer(absl::StatusOr<T> result, Callback<T> callback) {
  executor_.Post(
      [result = std::move(result), callback = std::move(callback)]() mutable {
        std::move(callback)(std::move(result));
      });
}

std::size_t MemoryStore::Count(EventKind kind) const {
  return static_cast<std::size_t>(
      std::count_if(events_.begin(), events_.end(),
                    [&](const Event& event) { return event.kind == kind; }));
}

absl::Status MemoryStore::ApplyUpdate(const PlanUpdate& update) {
  if (update.id == 0 || update.id > plans_.size()) {
    return absl::NotFoundError(
        absl::StrCat("there is no plan with id ", update.id));
  }
  PlanRecord& plan = plans_[update.id - 1];
  plan.state = update.state;
  if (update.result_time) plan.result_time = update.result_time;
  if (update.rejection) plan.rejection = *update.rejection;
  if (update.cost) plan.cost = update.cost;
  if (update.imbalance_achieved) {
    plan.imbalance_achieved = update.imbalance_achieved;
  }
  for (const MoveResult& result : update.moves) {
    for (MoveRecord& move : plan.moves) {
      if (move.move.bucket != result.move.bucket) continue;
      move.outcome = result.outcome;
      move.pause = result.pause;
    }
    plan.max_pause = std::max(plan.max_pause, result.pause);
    if (result.outcome != MoveOutcome::kNotMoved) {
      ++hosts_[plan.host].move_count;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Committed> MemoryStore::Apply(Change& change) {
  Committed committed;
  if (change.update) {
    if (absl::Status s = ApplyUpdate(*change.update); !s.ok()) return s;
  }
  if (change.host) {
    HostRecord& host = hosts_[change.host->host];
    const HostRecord before = std::exchange(host, *change.host);
    host.last_epoch = before.last_epoch;
    host.plan_count = before.plan_count;
    host.move_count = before.move_count;
  }
  if (change.plan) {
    PlanRecord& plan = *change.plan;
    const auto host = hosts_.find(plan.host);
    if (host == hosts_.end()) {
      return absl::NotFoundError(absl::StrCat("there is no host ", plan.host));
    }
    plan.id = plans_.size() + 1;
    plan.move_count = static_cast<std::uint32_t>(plan.moves.size());
    if (plan.state != PlanState::kProposed) {
      plan.epoch = Epoch(host->second.last_epoch.value() + 1);
      host->second.last_epoch = plan.epoch;
      ++host->second.plan_count;
    }
    committed.plan_id = plan.id;
    committed.epoch = plan.epoch;
    change.event.message =
        absl::StrCat(PlanName(plan), ": ", change.event.message);
    plans_.push_back(plan);
  }
  if (change.policy) {
    policy_ = {policy_ ? policy_->revision + 1 : 1, *change.policy};
    committed.policy_revision = policy_->revision;
  }
  change.event.revision = ++revision_;
  committed.revision = revision_;
  events_.push_back(change.event);
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
  state.revision = revision_;
  state.policy = policy_;
  std::map<std::string, PlanRecord> last;
  std::map<std::string, PlanRecord> proposed;
  for (const auto& [name, host] : hosts_) state.hosts.push_back(host);
  for (PlanRecord plan : plans_) {
    plan.inputs.bytes.clear();
    if (plan.state == PlanState::kProposed) proposed[plan.host] = plan;
    if (plan.epoch == Epoch()) continue;
    last[plan.host] = plan;
    if (plan.create_time < moves_since) continue;
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
    for (const PlanRecord& plan : plans_) {
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
    if (id > 0 && id <= plans_.size() && plans_[id - 1].host == host &&
        plans_[id - 1].epoch == Epoch()) {
      Answer<PlanRecord>(plans_[id - 1], std::move(callback));
      return;
    }
    Answer<PlanRecord>(
        absl::NotFoundError(absl::StrCat("host ", host, " has no plan ", id)),
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
    for (auto plan = plans_.rbegin(); plan != plans_.rend(); ++plan) {
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
    for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
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
    for (const Event& event : events_) {
      if (found.size() == limit) break;
      if (event.revision <= after) continue;
      if (!host.empty() && event.host != host) continue;
      found.push_back(event);
    }
    Answer<std::vector<Event>>(std::move(found), std::move(callback));
  });
}

}  // namespace lb::controller
