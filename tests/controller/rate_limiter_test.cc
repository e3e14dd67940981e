#include "controller/rpc/rate_limiter.h"

#include <string>

#include "common/status.h"
#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

const MonotonicTime kStart{std::chrono::hours(1)};

// How many of `calls` at the same moment are let through.
int Passed(RateLimiter& limiter, const std::string& caller, MonotonicTime now,
           int calls) {
  int passed = 0;
  for (int i = 0; i < calls; ++i) {
    if (limiter.Take(caller, now).ok()) ++passed;
  }
  return passed;
}

TEST(RateLimiter, ABurstAndThenTheRate) {
  RateLimiter limiter(milliseconds(10), 200);
  EXPECT_EQ(Passed(limiter, "a", kStart, 500), 200);
  EXPECT_EQ(Passed(limiter, "a", kStart + milliseconds(9), 5), 0);
  EXPECT_EQ(Passed(limiter, "a", kStart + milliseconds(10), 5), 1);
  EXPECT_EQ(Passed(limiter, "a", kStart + milliseconds(1'010), 500), 100);
  EXPECT_EQ(Passed(limiter, "a", kStart + std::chrono::hours(1), 500), 200);
}

TEST(RateLimiter, CallersDoNotFeelEachOther) {
  RateLimiter limiter(milliseconds(10), 2);
  EXPECT_EQ(Passed(limiter, "a", kStart, 5), 2);
  EXPECT_EQ(Passed(limiter, "b", kStart, 5), 2);
}

TEST(RateLimiter, ARefusalSaysWhenToComeAgain) {
  RateLimiter limiter(milliseconds(200), 1);
  EXPECT_TRUE(limiter.Take("a", kStart).ok());
  const absl::Status status = limiter.Take("a", kStart + milliseconds(50));
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("again in 150 ms"));
  EXPECT_EQ(ErrorReason(status), "RATE_LIMITED");
  EXPECT_TRUE(limiter.Take("a", kStart + milliseconds(200)).ok());
}

TEST(RateLimiter, CallersThatAreGoneAreForgotten) {
  RateLimiter limiter(milliseconds(10), 2);
  MonotonicTime now = kStart;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(limiter.Take("caller-" + std::to_string(i), now).ok());
    now += milliseconds(1);
  }
  EXPECT_LE(limiter.size(), 1'024U);
}

}  // namespace
}  // namespace lb::controller
