#include "tests/support/process.h"

#include <signal.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLimit = seconds(30);

TEST(Process, TellsHowAProgramEndedAndWhatItPrinted) {
  const auto ended =
      RunProgram({"/bin/sh", "-c", "echo one; echo $WORD >&2; exit 3"}, kLimit,
                 {{"WORD", "two"}});
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_code, 3);
  EXPECT_EQ(ended->signal, 0);
  EXPECT_EQ(ended->out, "one\n");
  EXPECT_EQ(ended->err, "two\n");
}

TEST(Process, WaitsForALineAndForDeath) {
  auto process = Process::Start(
      {"/bin/sh", "-c", "echo early; printf 'ready at 5'; echo; cat <&2"});
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ((*process)->WaitForLine("ready", kLimit), "ready at 5");
  EXPECT_EQ((*process)->WaitForLine("early", kLimit), "early");
  (*process)->Signal(SIGKILL);
  const auto ended = (*process)->Wait(kLimit);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_code, -1);
  EXPECT_EQ(ended->signal, SIGKILL);
}

TEST(Process, AnEndedProgramEndsTheWait) {
  auto process = Process::Start({"/bin/sh", "-c", "echo something"});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ((*process)->WaitForLine("else", kLimit), std::nullopt);
}

TEST(Process, TheLimitEndsTheWait) {
  auto process = Process::Start({"/bin/sh", "-c", "echo here; exec sleep 60"});
  ASSERT_TRUE(process.ok());
  ASSERT_TRUE((*process)->WaitForLine("here", kLimit));
  EXPECT_EQ((*process)->WaitForLine("never", milliseconds(1)), std::nullopt);
  EXPECT_EQ((*process)->Wait(milliseconds(1)).status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(Process, AMissingProgramIsNamed) {
  const auto process = Process::Start({"/no/such/program"});
  EXPECT_EQ(process.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(process.status().message()),
              testing::HasSubstr("/no/such/program"));
}

}  // namespace
}  // namespace lb
