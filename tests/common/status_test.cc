#include "common/status.h"

#include <cerrno>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

absl::StatusOr<int> Half(int x) {
  if (x % 2 != 0) return absl::InvalidArgumentError("odd");
  return x / 2;
}

absl::StatusOr<int> Quarter(int x) {
  LB_ASSIGN_OR_RETURN(const int half, Half(x));
  LB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

TEST(AssignOrReturn, PassesValuesAndErrors) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
}

TEST(OneLine, HasNoLineBreaks) {
  EXPECT_EQ(OneLine(absl::InternalError("a\nb")), "a b");
}

TEST(Annotate, KeepsTheCodeAndLeavesOkAlone) {
  const absl::Status status =
      Annotate(absl::NotFoundError("no such file"), "capture.pcap");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "capture.pcap: no such file");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "x").ok());
}

TEST(ErrnoStatus, NamesTheThing) {
  const absl::Status status = ErrnoStatus(ENOENT, "capture.pcap");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(status.message(), "capture.pcap: No such file or directory");
}

TEST(ErrorReason, IsTheCodesNameUnlessOneWasGiven) {
  const absl::Status plain = absl::NotFoundError("no host a");
  EXPECT_EQ(ErrorReason(plain), "NOT_FOUND");
  const absl::Status stale =
      WithReason(absl::AbortedError("it is r8"), "ETAG_MISMATCH");
  EXPECT_EQ(ErrorReason(stale), "ETAG_MISMATCH");
  EXPECT_EQ(OneLine(stale), "it is r8");
  EXPECT_EQ(ErrorReason(Annotate(stale, "policy")), "ETAG_MISMATCH");
}

}  // namespace
}  // namespace lb
