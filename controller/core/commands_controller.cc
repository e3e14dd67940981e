// Forgetting a host, and what an administrator does to the store.
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status.h"
#include "controller/core/audit_json.h"
#include "controller/core/command_answers.h"
#include "controller/core/commands.h"
#include "controller/core/resource_name.h"

namespace lb::controller {
namespace {

// The host, or what becomes of its plan, would be written after it was
// forgotten.
bool IsWriting(const Host& host) {
  return host.unsaved || host.saving > 0 ||
         host.flight.stage == Flight::Stage::kCommitting ||
         host.flight.stage == Flight::Stage::kRecording ||
         host.proposal_under_way;
}

// "backups/REVISION/BYTES", so that a repeated request is answered the same.
std::string BackupName(const BackupInfo& info) {
  return absl::StrCat("backups/", info.revision, "/", info.bytes);
}

BackupInfo ParseBackupName(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  BackupInfo info;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &info.revision) ||
      !absl::SimpleAtoi(parts[2], &info.bytes)) {
    return {};
  }
  return info;
}

}  // namespace

void Commands::ForgetHost(Call call, const std::string& name,
                          Done<Receipt> done) {
  const auto host = ParseHostName(name);
  if (!host.ok()) {
    std::move(done)(host.status());
    return;
  }
  Mutation mutation{.call = std::move(call), .line = *host};
  mutation.prepare = [this, host = *host,
                      who = mutation.call]() -> absl::StatusOr<Draft> {
    LB_ASSIGN_OR_RETURN(const Host* found, FindHost(host));
    if (found->connected() || IsWriting(*found)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "host ", host,
          found->connected() ? " is connected; stop its agent first"
                             : " has a plan that is being stored; try again"));
    }
    Draft draft;
    draft.before = IntentJson(found->record.intent);
    draft.change.event = {.host = host,
                          .kind = EventKind::kHostForgotten,
                          .message = Signed(who, "its history stays")};
    draft.change.forget = host;
    // Should it come back, it comes back as a new one.
    draft.change.intent = {host, {}};
    draft.change.policy = {.host = host};
    return draft;
  };
  mutation.carry_out = [this, host = *host](const Committed&) {
    Host* found = fleet_.FindHost(host);
    if (found == nullptr) return;
    if (!found->connected()) {
      fleet_.Forget(host);
      return;
    }
    // It came back meanwhile, which wrote it again.
    fleet_.SetIntent(*found, {});
    fleet_.SetHostPolicy(*found, std::nullopt);
  };
  mutation.answer = AnswerReceipt(std::move(done));
  mutations_.Run(std::move(mutation));
}

void Commands::BackUp(Call call, const std::string& directory,
                      Done<Changed<BackupInfo>> done) {
  if (!directory.starts_with('/')) {
    std::move(done)(absl::InvalidArgumentError(
        absl::StrCat("directory \"", directory,
                     "\" is not absolute; use one on the controller's machine "
                     "that does not exist yet")));
    return;
  }
  const auto made = std::make_shared<BackupInfo>();
  Mutation mutation{.call = std::move(call), .line = kBackupLine};
  if (!mutation.call.validate_only) {
    mutation.gather = [this, directory,
                       made](std::function<void(absl::Status)> then) {
      store_.BackUp(directory, [made, then = std::move(then)](
                                   const absl::StatusOr<BackupInfo>& info) {
        if (info.ok()) *made = *info;
        then(info.status());
      });
    };
  }
  mutation.prepare = [directory, made, who = mutation.call] {
    Draft draft;
    draft.after = BackupJson(directory, made->revision, made->bytes);
    draft.subject = BackupName(*made);
    draft.change.event = {
        .kind = EventKind::kBackedUp,
        .message =
            Signed(who, absl::StrCat(directory, ", revision ", made->revision,
                                     ", ", made->bytes, " bytes"))};
    return absl::StatusOr<Draft>(std::move(draft));
  };
  mutation.carry_out = [](const Committed&) {};
  mutation.answer = AnswerChanged<BackupInfo>(
      std::move(done), [made](const Outcome& outcome) {
        return outcome.receipt.repeated ? ParseBackupName(outcome.subject)
                                        : *made;
      });
  mutations_.Run(std::move(mutation));
}

void Commands::Adopt(Call call, Done<Changed<Term>> done) {
  const auto term = std::make_shared<Term>();
  Mutation mutation{.call = std::move(call), .line = kFleetLine};
  mutation.prepare = [this, term,
                      who = mutation.call]() -> absl::StatusOr<Draft> {
    if (!fleet_.AnyFenced()) {
      return absl::FailedPreconditionError(
          "nothing is fenced: neither the store nor a connected host");
    }
    const Term highest = fleet_.HighestSeenTerm();
    if (highest.value() >= std::numeric_limits<std::int64_t>::max()) {
      return absl::FailedPreconditionError(
          "an agent claims to have seen the highest term there is; stop it, "
          "and remove its state");
    }
    *term = Term(highest.value() + 1);
    Draft draft;
    draft.before = TermJson(store_.identity().term);
    draft.after = TermJson(*term);
    draft.change.adopt = *term;
    draft.change.event = {
        .kind = EventKind::kControllerAdopted,
        .message = Signed(who, absl::StrCat("term ", term->value()))};
    return draft;
  };
  mutation.carry_out = [this](const Committed&) { fleet_.OnAdopted(); };
  mutation.answer = AnswerChanged<Term>(
      std::move(done), [this, term](const Outcome& outcome) {
        return outcome.receipt.repeated ? store_.identity().term : *term;
      });
  mutations_.Run(std::move(mutation));
}

}  // namespace lb::controller
