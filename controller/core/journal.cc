#include "controller/core/journal.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {

void Journal::Commit(Change change, Store::Callback<Committed> callback) {
  change.event.time = clock_.Wall();
  Event event = change.event;
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
        if (committed.ok() == degraded_) {
          degraded_ = !committed.ok();
          if (degraded_) {
            spdlog::error("the store cannot commit, no plan is sent: {}",
                          OneLine(committed.status()));
          } else {
            spdlog::info("the store commits again");
          }
        }
        if (committed.ok()) {
          event.revision = committed->revision;
          if (names_plan) {
            name.id = committed->plan_id;
            name.epoch = committed->epoch;
            event.message = absl::StrCat(PlanName(name), ": ", event.message);
          }
          hub_.Publish(event);
        }
        std::move(callback)(std::move(committed));
      });
}

void Journal::Note(Event event) {
  Commit({.event = std::move(event)},
         [](const absl::StatusOr<Committed>& committed) {
           if (!committed.ok()) {
             spdlog::warn("an event was not kept: {}",
                          OneLine(committed.status()));
           }
         });
}

}  // namespace lb::controller
