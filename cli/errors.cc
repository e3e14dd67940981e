#include "cli/errors.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace lb::cli {
namespace {

constexpr char kUsagePayload[] = "lbctl/usage";
constexpr char kAnswerPayload[] = "lbctl/answer";

int ExitCodeOfAnswer(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return kExitDenied;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return kExitConflict;
    case absl::StatusCode::kDeadlineExceeded:
      return kExitTimeout;
    case absl::StatusCode::kUnavailable:
      return kExitUnreachable;
    default:
      return kExitFailure;
  }
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(ToAbsl(message));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

absl::Status AnswerError(absl::StatusCode code, std::string_view message) {
  absl::Status status(code, ToAbsl(message));
  status.SetPayload(kAnswerPayload, absl::Cord());
  return status;
}

absl::Status WithMessage(const absl::Status& error, std::string_view message) {
  absl::Status result(error.code(), ToAbsl(message));
  error.ForEachPayload([&](absl::string_view type, const absl::Cord& payload) {
    result.SetPayload(type, payload);
  });
  return result;
}

int ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  if (status.GetPayload(kUsagePayload)) return kExitUsage;
  if (status.GetPayload(kAnswerPayload)) return ExitCodeOfAnswer(status.code());
  return kExitFailure;
}

}  // namespace lb::cli
