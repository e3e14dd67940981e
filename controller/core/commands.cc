#include "controller/core/commands.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/core/command_answers.h"

namespace lb::controller {

Commands::Commands(Fleet& fleet, Queries& queries, Store& store,
                   Journal& journal, const Clock& clock)
    : fleet_(fleet),
      queries_(queries),
      store_(store),
      clock_(clock),
      mutations_(store, journal, clock) {}

void Commands::Refused(const Call& call, const absl::Status& why) {
  mutations_.Refused(call, why);
}

absl::StatusOr<Host*> Commands::FindHost(const std::string& name) const {
  Host* host = fleet_.FindHost(name);
  if (host == nullptr) return NoSuchHost(name);
  return host;
}

absl::Status Commands::CheckReady(const Host& host) const {
  if (!host.connected()) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "host ", host.name(), " is not connected")),
                      "HOST_NOT_CONNECTED");
  }
  if (!host.fenced.empty()) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "host ", host.name(), " is fenced: ", host.fenced)),
                      "HOST_FENCED");
  }
  if (host.flight.stage != Flight::Stage::kNone) {
    return WithReason(absl::FailedPreconditionError(absl::StrCat(
                          "host ", host.name(),
                          " has a plan in flight; wait for its result")),
                      "PLAN_IN_FLIGHT");
  }
  return absl::OkStatus();
}

std::string Signed(const Call& call, const std::string& what) {
  return absl::StrCat(what, ", by ", call.caller.name,
                      call.reason.empty() ? "" : ": ", call.reason);
}

}  // namespace lb::controller
