// One clear line per error: what, where, what to do. Any thread.
#ifndef LB_COMMON_STATUS_H_
#define LB_COMMON_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Returns from the calling function with the error, if `expression` (an
// absl::Status) is one.
#define LB_RETURN_IF_ERROR(expression)                          \
  do {                                                          \
    if (absl::Status lb_status = (expression); !lb_status.ok()) \
      return lb_status;                                         \
  } while (false)

// LB_ASSIGN_OR_RETURN(auto x, F()): x = *F(), or returns F's error.
#define LB_ASSIGN_OR_RETURN(target, expression) \
  LB_ASSIGN_OR_RETURN_(LB_CONCAT_(lb_statusor_, __LINE__), target, expression)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in them.
#define LB_ASSIGN_OR_RETURN_(name, target, expression) \
  auto name = (expression);                            \
  if (!name.ok()) return name.status();                \
  target = *std::move(name)
// NOLINTEND(bugprone-macro-parentheses)
#define LB_CONCAT_(a, b) LB_CONCAT_INNER_(a, b)
#define LB_CONCAT_INNER_(a, b) a##b

namespace lb {

// Exit codes of every program here.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailure = 1,       // the request was understood and failed
  kExitUsage = 2,         // wrong flags or arguments
  kExitDamagedStore = 3,  // store damaged, foreign or newer
  kExitStoreBusy = 4,     // another process holds the store
};

// Debian's Abseil has its own string_view; these two bridge it.
inline absl::string_view ToAbsl(std::string_view s) {
  return {s.data(), s.size()};
}
inline std::string_view ToStd(absl::string_view s) {
  return {s.data(), s.size()};
}

// "database is newer than this program (FAILED_PRECONDITION)" without the
// code's name in front: one line fit for "PROGRAM: error: ...".
std::string OneLine(const absl::Status& status);

// Prefixes the message with `where`: "where: message"; code and reason stay.
absl::Status Annotate(const absl::Status& status, std::string_view where);

// Gives an error a cause that programs can tell from others of its code, such
// as "ETAG_MISMATCH"; the API shows it in its ErrorInfo.
absl::Status WithReason(absl::Status status, std::string_view reason);
// That cause; without one the name of the code, such as "NOT_FOUND".
std::string ErrorReason(const absl::Status& status);

// "file: Permission denied" from errno, with a matching code.
absl::Status ErrnoStatus(int error_number, std::string_view what);

}  // namespace lb

#endif  // LB_COMMON_STATUS_H_
