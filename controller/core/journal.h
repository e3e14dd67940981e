// The one way from core into the control database: stamps what happened,
// commits it, and tells the watchers once it is durable. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_JOURNAL_H_
#define LB_CONTROLLER_CORE_JOURNAL_H_

#include <cstdint>

#include "common/clock.h"
#include "controller/core/event_hub.h"
#include "controller/core/store.h"

namespace lb::controller {

class Journal {
 public:
  // All three outlive the journal and every callback it is given.
  Journal(Store& store, const Clock& clock, EventHub& hub)
      : store_(store), clock_(clock), hub_(hub) {}

  // Sets the event's time, commits, publishes, then calls back.
  void Commit(Change change, Store::Callback<Committed> callback);
  // The same where nothing depends on the outcome; a failure is logged.
  void Note(Event event);

  // True while the last commit failed: nothing new is planned then.
  bool degraded() const { return degraded_; }

 private:
  Store& store_;
  const Clock& clock_;
  EventHub& hub_;
  bool degraded_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_JOURNAL_H_
