#include "cli/errors.h"

#include "common/status.h"
#include "gtest/gtest.h"

namespace lb::cli {
namespace {

TEST(Errors, ExitCodesOfWhatTheControllerAnswers) {
  struct Case {
    absl::StatusCode code;
    int exit_code;
  };
  const Case cases[] = {
      {absl::StatusCode::kCancelled, 1},
      {absl::StatusCode::kUnknown, 1},
      {absl::StatusCode::kInvalidArgument, 2},
      {absl::StatusCode::kDeadlineExceeded, 6},
      {absl::StatusCode::kNotFound, 3},
      {absl::StatusCode::kAlreadyExists, 5},
      {absl::StatusCode::kPermissionDenied, 4},
      {absl::StatusCode::kResourceExhausted, 1},
      {absl::StatusCode::kFailedPrecondition, 5},
      {absl::StatusCode::kAborted, 5},
      {absl::StatusCode::kOutOfRange, 1},
      {absl::StatusCode::kUnimplemented, 1},
      {absl::StatusCode::kInternal, 1},
      {absl::StatusCode::kUnavailable, 7},
      {absl::StatusCode::kDataLoss, 1},
      {absl::StatusCode::kUnauthenticated, 4},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ExitCodeOf(AnswerError(c.code, "x")), c.exit_code) << c.code;
    EXPECT_EQ(ExitCodeOf(WithMessage(AnswerError(c.code, "x"), "y")),
              c.exit_code);
    // Of anything else than an answer.
    EXPECT_EQ(ExitCodeOf(absl::Status(c.code, "x")), kExitFailure);
  }
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(UsageError("x")), 2);
}

TEST(Errors, WithMessageKeepsTheCode) {
  const absl::Status error =
      WithMessage(AnswerError(absl::StatusCode::kAborted, "x"), "x; y");
  EXPECT_EQ(error.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(OneLine(error), "x; y");
}

}  // namespace
}  // namespace lb::cli
