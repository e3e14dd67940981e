#include "common/status.h"

#include <system_error>

#include "absl/strings/str_cat.h"

namespace lb {

std::string OneLine(const absl::Status& status) {
  std::string line(status.message());
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return line.empty() ? status.ToString() : line;
}

absl::Status Annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(ToAbsl(where), ": ", status.message()));
}

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  return absl::Status(
      absl::ErrnoToStatusCode(error_number),
      absl::StrCat(ToAbsl(what), ": ",
                   std::generic_category().message(error_number)));
}

}  // namespace lb
