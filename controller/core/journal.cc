#include "controller/core/journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

// Whether the store does its work, be it that it rightly refuses a change.
bool Works(const absl::Status& status) {
  return status.ok() || absl::IsAlreadyExists(status) ||
         absl::IsNotFound(status);
}

}  // namespace

void Journal::Commit(Change change, Store::Callback<Committed> callback) {
  const WallTime now = clock_.Wall();
  if (change.event) change.event->time = now;
  if (change.audit) change.audit->time = now;
  if (change.request) change.request->time = now;
  if (change.decision) change.decision->time = now;
  std::optional<Event> event = change.event;
  const bool names_plan = change.plan.has_value();
  PlanRecord name;
  if (names_plan) {
    name.host = change.plan->host;
  }
  store_.Commit(
      std::move(change),
      [this, event = std::move(event), names_plan, name = std::move(name),
       callback =
           std::move(callback)](absl::StatusOr<Committed> committed) mutable {
        if (committed.ok()) {
          revision_ = committed->revision;
          head_ = committed->head;
        }
        if (Works(committed.status()) == degraded_) {
          degraded_ = !degraded_;
          if (degraded_) {
            spdlog::error("the store cannot commit, no plan is sent: {}",
                          OneLine(committed.status()));
          } else {
            spdlog::info("the store commits again");
          }
        }
        const bool publish = committed.ok() && event;
        if (publish) {
          event->revision = committed->revision;
          if (names_plan) {
            name.id = committed->plan_id;
            name.epoch = committed->epoch;
            event->message = absl::StrCat(PlanName(name), ": ", event->message);
          }
        }
        std::move(callback)(std::move(committed));
        if (publish) hub_.Publish(*event);
      });
}

void Journal::Note(Change change) {
  Commit(std::move(change), [](const absl::StatusOr<Committed>& committed) {
    if (!committed.ok()) {
      spdlog::warn("an event was not kept: {}", OneLine(committed.status()));
    }
  });
}

void Journal::Probe() {
  if (!degraded_ || probing_) return;
  probing_ = true;
  Commit({}, [this](const absl::StatusOr<Committed>&) { probing_ = false; });
}

}  // namespace lb::controller
