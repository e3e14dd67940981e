#include "controller/core/mutation.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::controller {
namespace {

// Length of the UTF-8 sequence that begins here; 0 if there is none. RFC 3629:
// no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t Utf8Length(std::string_view s) {
  const auto byte = [s](std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const unsigned second = byte(1);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || (first == 0xE0 && second < 0xA0) ||
      (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
      (first == 0xF4 && second > 0x8F)) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

bool IsUtf8(std::string_view s) {
  while (!s.empty()) {
    const std::size_t length = Utf8Length(s);
    if (length == 0) return false;
    s.remove_prefix(length);
  }
  return true;
}

absl::Status CheckCall(const Call& call) {
  if (call.reason.size() > Mutations::kMaxReason || !IsUtf8(call.reason)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the reason has ", call.reason.size(), " bytes; use at most ",
        Mutations::kMaxReason, " of UTF-8"));
  }
  const bool printable =
      std::all_of(call.request_id.begin(), call.request_id.end(), [](char c) {
        return absl::ascii_isprint(static_cast<unsigned char>(c));
      });
  if (call.request_id.size() > Mutations::kMaxRequestId || !printable) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the request id has ", call.request_id.size(), " bytes; use at most ",
        Mutations::kMaxRequestId, ", all of them printable"));
  }
  return absl::OkStatus();
}

AuditRecord AuditOf(const Call& call, const absl::Status& outcome) {
  AuditRecord record;
  record.caller = call.caller.name;
  record.role = call.caller.role;
  record.method = call.method;
  record.resource = call.resource;
  record.outcome = absl::StatusCodeToString(outcome.code());
  if (!outcome.ok()) record.error = OneLine(outcome);
  record.reason = call.reason;
  record.request_id = call.request_id;
  return record;
}

absl::Status CannotCommit() {
  return WithReason(
      absl::FailedPreconditionError(
          "the store cannot commit at present, so nothing is changed; see the "
          "controller's status, and try again with the same request id"),
      "STORE_DEGRADED");
}

}  // namespace

void Mutations::Run(Mutation mutation) {
  if (absl::Status fit = CheckCall(mutation.call); !fit.ok()) {
    std::move(mutation.answer)(std::move(fit));
    return;
  }
  auto shared = std::make_shared<Mutation>(std::move(mutation));
  const auto [line, first] = lines_.try_emplace(shared->line);
  if (first) {
    Start(shared);
  } else if (line->second.size() < kMostWaiting) {
    line->second.push_back(std::move(shared));
  } else {
    std::move(shared->answer)(absl::ResourceExhaustedError(
        absl::StrCat(kMostWaiting,
                     " changes wait for their turn; come back "
                     "when some are made")));
  }
}

void Mutations::Start(const Shared& mutation) {
  const Call& call = mutation->call;
  if (call.request_id.empty() || call.validate_only) {
    Gather(mutation);
    return;
  }
  store_.FindRequest(
      call.caller.name, call.request_id,
      [this, mutation](const absl::StatusOr<RequestRecord>& known) {
        if (known.ok()) {
          AnswerAgain(mutation, *known);
        } else if (absl::IsNotFound(known.status())) {
          Gather(mutation);
        } else {
          Finish(mutation, CannotCommit());
        }
      });
}

void Mutations::Gather(const Shared& mutation) {
  if (!mutation->gather) {
    Commit(mutation);
    return;
  }
  mutation->gather([this, mutation](const absl::Status& gathered) {
    if (gathered.ok()) {
      Commit(mutation);
    } else {
      Refuse(mutation, gathered);
    }
  });
}

void Mutations::Commit(const Shared& mutation) {
  absl::StatusOr<Draft> draft = mutation->prepare();
  if (!draft.ok()) {
    Refuse(mutation, draft.status());
    return;
  }
  if (journal_.degraded()) {
    Finish(mutation, CannotCommit());
    return;
  }
  const Call& call = mutation->call;
  if (call.validate_only) {
    Finish(mutation, Outcome());
    return;
  }
  Change& change = draft->change;
  change.audit = AuditOf(call, absl::OkStatus());
  change.audit->before = std::move(draft->before);
  change.audit->after = std::move(draft->after);
  if (!call.request_id.empty()) {
    change.request.emplace();
    change.request->caller = call.caller.name;
    change.request->request_id = call.request_id;
    change.request->method = call.method;
    change.request->request_hash = call.request_hash;
    change.request->subject = std::move(draft->subject);
  }
  auto done = [this, mutation](const absl::StatusOr<Committed>& committed) {
    OnCommitted(mutation, committed);
  };
  if (mutation->commit) {
    mutation->commit(std::move(change), std::move(done));
  } else {
    journal_.Commit(std::move(change), std::move(done));
  }
}

void Mutations::OnCommitted(const Shared& mutation,
                            const absl::StatusOr<Committed>& committed) {
  const Call& call = mutation->call;
  if (committed.ok()) {
    mutation->carry_out(*committed);
    Finish(mutation,
           Outcome{{committed->revision, committed->head, false}, {}});
  } else if (absl::IsAlreadyExists(committed.status())) {
    // In another line, the same id was faster.
    store_.FindRequest(
        call.caller.name, call.request_id,
        [this, mutation](const absl::StatusOr<RequestRecord>& known) {
          if (known.ok()) {
            AnswerAgain(mutation, *known);
          } else {
            Finish(mutation, CannotCommit());
          }
        });
  } else if (absl::IsNotFound(committed.status())) {
    Refuse(mutation, committed.status());
  } else {
    spdlog::warn("{} of {} was not committed: {}", call.method, call.resource,
                 OneLine(committed.status()));
    Finish(mutation, CannotCommit());
  }
}

void Mutations::AnswerAgain(const Shared& mutation,
                            const RequestRecord& before) {
  const Call& call = mutation->call;
  if (before.method != call.method ||
      before.request_hash != call.request_hash) {
    Finish(
        mutation,
        WithReason(absl::InvalidArgumentError(absl::StrCat(
                       "request id \"", call.request_id,
                       "\" was used for another request, ", before.method,
                       " at ", FormatWallTime(before.time), "; use a new one")),
                   "REQUEST_ID_REUSED"));
    return;
  }
  Finish(mutation,
         Outcome{{before.revision, before.head, true}, before.subject});
}

void Mutations::Refuse(const Shared& mutation, const absl::Status& why) {
  if (absl::IsInvalidArgument(why) || mutation->call.validate_only) {
    Finish(mutation, why);
    return;
  }
  Change change;
  change.audit = AuditOf(mutation->call, why);
  journal_.Commit(std::move(change),
                  [this, mutation, why](const absl::StatusOr<Committed>& kept) {
                    if (!kept.ok()) {
                      spdlog::warn("a refusal was not audited: {}",
                                   OneLine(kept.status()));
                    }
                    Finish(mutation, why);
                  });
}

void Mutations::Finish(const Shared& mutation,
                       absl::StatusOr<Outcome> outcome) {
  std::move(mutation->answer)(std::move(outcome));
  const auto line = lines_.find(mutation->line);
  if (line->second.empty()) {
    lines_.erase(line);
    return;
  }
  const Shared next = std::move(line->second.front());
  line->second.pop_front();
  Start(next);
}

void Mutations::Refused(const Call& call, const absl::Status& why) {
  const MonotonicTime now = clock_.Monotonic();
  std::pair key(call.caller.name, call.method);
  if (refused_.size() >= kMostRefused && !refused_.contains(key)) {
    std::erase_if(refused_,
                  [now](const auto& entry) { return entry.second.Idle(now); });
    if (refused_.size() >= kMostRefused) key = {};
  }
  const auto left_out =
      refused_.try_emplace(std::move(key), kRefusalInterval, 1)
          .first->second.Take(now);
  if (!left_out) return;
  Change change;
  change.audit = AuditOf(call, why);
  if (*left_out > 0) {
    absl::StrAppend(&change.audit->error, " (", *left_out,
                    " more since the refusal before)");
  }
  if (refused_event_.Take(now)) {
    change.event = {.kind = EventKind::kAccessRefused, .message = OneLine(why)};
  }
  journal_.Note(std::move(change));
}

}  // namespace lb::controller
