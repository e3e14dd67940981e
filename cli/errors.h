// Errors of commands and the exit codes they lead to. Pure; any thread.
#ifndef LB_CLI_ERRORS_H_
#define LB_CLI_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"

namespace lb::cli {

// Beside kExitOk, kExitFailure and kExitUsage of common/status.h.
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitDenied = 4;
inline constexpr int kExitConflict = 5;
inline constexpr int kExitTimeout = 6;
inline constexpr int kExitUnreachable = 7;

// INVALID_ARGUMENT for arguments that cannot be, or do not go together.
absl::Status UsageError(std::string_view message);

// What the controller answered, or why there is no answer. Only such an error
// has an exit code by its kind: a file that is missing is no host that is.
absl::Status AnswerError(absl::StatusCode code, std::string_view message);

// `error` with more said; it keeps its exit code.
absl::Status WithMessage(const absl::Status& error, std::string_view message);

int ExitCodeOf(const absl::Status& status);

}  // namespace lb::cli

#endif  // LB_CLI_ERRORS_H_
