#include "controller/rpc/entrance.h"

#include "absl/strings/str_cat.h"

namespace lb::controller {

absl::Status Entrance::Limit(const Identity& identity, const Method& method) {
  // Agents are counted by host, once their hello has named it.
  if (method.needs == Role::kAgent) return absl::OkStatus();
  return rules_.calls.Take(identity.name, core_.clock.Monotonic());
}

absl::Status Entrance::AuthorizeHost(const Identity& agent,
                                     const std::string& host) {
  if (!agent.host.empty() && agent.host != host) {
    absl::Status denied =
        WithReason(absl::PermissionDeniedError(absl::StrCat(
                       agent.name, " may speak for its own host only, not ",
                       "for \"", host.substr(0, 100), "\"")),
                   "FOREIGN_HOST");
    Refused(denied);
    return denied;
  }
  return rules_.agents.Take(absl::StrCat("agent/", host),
                            core_.clock.Monotonic());
}

absl::StatusOr<std::unique_ptr<OpenStreams::Place>> Entrance::WatchOver(
    const Admission& admission, const Method& method,
    OpenStreams::Close close) {
  return rules_.streams.Add(
      admission.identity, method,
      [this](const Identity& identity, const Method& of) {
        const absl::StatusOr<Identity> renewed = peers_.Renew(identity);
        if (!renewed.ok()) return renewed.status();
        return Permit(*renewed, of).status();
      },
      std::move(close));
}

}  // namespace lb::controller
