#include "controller/rpc/refusals.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {

void Refusals::AddChange(Call call, const absl::Status& why) {
  core_.loop.Post([&commands = core_.commands, call = std::move(call), why] {
    commands.Refused(call, why);
  });
}

void Refusals::Add(const absl::Status& why) {
  {
    const std::lock_guard lock(mutex_);
    last_ = OneLine(why);
    // Who was first has seen to it that all of them are reported.
    if (unreported_++ > 0) return;
  }
  core_.loop.Post([self = shared_from_this()] { self->Report(); });
}

void Refusals::Report() {
  const MonotonicTime now = core_.clock.Monotonic();
  if (now < next_report_) {
    core_.loop.PostAt(next_report_, [self = weak_from_this()] {
      if (const auto refusals = self.lock()) {
        refusals->Report();
      }
    });
    return;
  }
  next_report_ = now + kInterval;
  std::string message;
  {
    const std::lock_guard lock(mutex_);
    message = absl::StrCat("refused calls: ", std::exchange(unreported_, 0),
                           "; the last one: ", last_);
  }
  core_.journal.Note(
      {.kind = EventKind::kAccessRefused, .message = std::move(message)});
}

}  // namespace lb::controller
