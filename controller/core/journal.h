// The one way from core into the control database: stamps what happened,
// commits it, and tells the watchers once it is durable. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_JOURNAL_H_
#define LB_CONTROLLER_CORE_JOURNAL_H_

#include <cstdint>
#include <utility>

#include "common/clock.h"
#include "controller/core/event_hub.h"
#include "controller/core/store.h"

namespace lb::controller {

class Journal {
 public:
  // All three outlive the journal and every callback it is given.
  Journal(Store& store, const Clock& clock, EventHub& hub)
      : store_(store), clock_(clock), hub_(hub) {}

  // Sets the times of what the change holds, commits, calls back, then
  // publishes: who hears of an event finds done what it tells.
  void Commit(Change change, Store::Callback<Committed> callback);
  // The same where nothing depends on the outcome; a failure is logged.
  void Note(Change change);
  void Note(Event event) { Note(Change{.event = std::move(event)}); }

  // What a starting controller finds committed.
  void Begin(std::uint64_t revision, const AuditHead& head) {
    revision_ = revision;
    head_ = head;
  }
  // Of the last commit, and of the audit after it.
  std::uint64_t revision() const { return revision_; }
  const AuditHead& head() const { return head_; }
  // Of the last commit with an event: who watches what comes after it misses
  // nothing.
  std::uint64_t event_revision() const { return hub_.revision(); }

  // True while the last commit failed: nothing new is planned then.
  bool degraded() const { return degraded_; }
  // While degraded: tries an empty commit, so that it ends also where nothing
  // happens.
  void Probe();

 private:
  Store& store_;
  const Clock& clock_;
  EventHub& hub_;
  std::uint64_t revision_ = 0;
  AuditHead head_;
  bool degraded_ = false;
  bool probing_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_JOURNAL_H_
