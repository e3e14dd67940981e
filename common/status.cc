#include "common/status.h"

#include <system_error>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace lb {
namespace {

constexpr char kReasonKey[] = "lb/reason";

}  // namespace

std::string OneLine(const absl::Status& status) {
  std::string line(status.message());
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line.empty() ? status.ToString() : line;
}

absl::Status Annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(ToAbsl(where), ": ", status.message()));
  status.ForEachPayload(
      [&annotated](absl::string_view key, const absl::Cord& value) {
        annotated.SetPayload(key, value);
      });
  return annotated;
}

absl::Status WithReason(absl::Status status, std::string_view reason) {
  status.SetPayload(kReasonKey, absl::Cord(ToAbsl(reason)));
  return status;
}

std::string ErrorReason(const absl::Status& status) {
  if (const auto reason = status.GetPayload(kReasonKey)) {
    return std::string(*reason);
  }
  return absl::StatusCodeToString(status.code());
}

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  return absl::Status(
      absl::ErrnoToStatusCode(error_number),
      absl::StrCat(ToAbsl(what), ": ",
                   std::generic_category().message(error_number)));
}

}  // namespace lb
