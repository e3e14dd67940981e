// The part of the fleet that takes up what was committed on somebody's wish, or
// on its own when plans went wrong.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/status.h"
#include "controller/core/fleet.h"

namespace lb::controller {

absl::Status Fleet::CheckPolicy(const balance::Policy& policy) {
  LB_RETURN_IF_ERROR(balance::ValidatePolicy(policy));
  return planners_.Get(policy.planner).status();
}

void Fleet::SetDefaultPolicy(const PolicyRecord& policy) {
  balance_.SetPolicy(policy);
  for (const auto& [name, host] : hosts_) {
    if (host->record.policy) continue;
    if (host->connected()) host->session->link().SendPolicy(policy);
    balance_.OnWishesChanged(*host);
  }
}

void Fleet::SetHostPolicy(Host& host, std::optional<PolicyRecord> policy) {
  host.record.policy = policy;
  if (host.connected()) host.session->link().SendPolicy(PolicyOf(host));
  balance_.OnWishesChanged(host);
}

void Fleet::SetIntent(Host& host, HostIntent intent) {
  const bool drains = intent.drained != host.record.intent.drained;
  host.record.intent = std::move(intent);
  if (drains) SendDrain(host);
  balance_.OnWishesChanged(host);
}

void Fleet::SetPause(std::optional<Pause> pause) {
  // Whoever lets the fleet go on has looked into what went wrong.
  if (!pause) brake_.Forgive();
  balance_.SetPause(std::move(pause));
  for (const auto& [name, host] : hosts_) balance_.OnWishesChanged(*host);
}

void Fleet::SendDrain(Host& host) {
  if (!host.connected() || !host.fenced.empty() ||
      !host.session->Has(kDrainFeature)) {
    return;
  }
  host.session->link().SendDrain({host.record.intent.drained});
}

void Fleet::Forget(const std::string& name) {
  auto host = hosts_.extract(name);
  host.mapped()->record.intent = {};
  host.mapped()->record.policy.reset();
  forgotten_.insert(std::move(host));
}

void Fleet::HaltIfWrong() {
  const FleetBrake::Count count = brake_.Look(clock_.Monotonic());
  const bool paused = pause() && !pause()->advise;
  if (halting_ || paused || !FleetBrake::MustHalt(count)) return;
  halting_ = true;
  const Pause halt{
      .reason = absl::StrFormat(
          "plans were rejected or made things worse on %d of the %d hosts "
          "planned in the last %d minutes",
          count.wrong, count.planned, FleetBrake::kWindow.count()),
      .author = "controller",
      .since = clock_.Wall()};
  Change change;
  change.event = {.kind = EventKind::kBalanceHalted, .message = halt.reason};
  change.fleet_pause = {.pause = halt};
  journal_.Commit(std::move(change),
                  [this, halt](const absl::StatusOr<Committed>& committed) {
                    halting_ = false;  // if it failed: with the next tick
                    if (committed.ok()) SetPause(halt);
                  });
}

void Fleet::OnAdopted() {
  for (const auto& [id, host] : sessions_) {
    if (host->fenced.empty()) continue;
    host->session->link().SendGoAway(
        {"the controller was adopted", std::chrono::milliseconds(0)});
    host->session->link().Close(
        absl::AbortedError("the controller was adopted; come back"));
  }
}

Term Fleet::HighestSeenTerm() const {
  Term highest = store_.identity().term;
  for (const auto& [id, host] : sessions_) {
    highest = std::max(highest, host->session->seen_term());
  }
  return highest;
}

bool Fleet::AnyFenced() const {
  return !store_.identity().fenced.empty() ||
         std::any_of(sessions_.begin(), sessions_.end(), [](const auto& entry) {
           return !entry.second->fenced.empty();
         });
}

}  // namespace lb::controller
