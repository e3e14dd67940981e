#include <sys/wait.h>

#include <cstdlib>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/cli/command_fixture.h"

namespace lb::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(CommandLine, PrintsHelpAndVersion) {
  for (const char* flag : {"-h", "--help"}) {
    const CommandResult r = RunCommand({flag});
    EXPECT_EQ(r.exit_code, 0);
    EXPECT_THAT(r.out, HasSubstr("flow"));
    EXPECT_THAT(r.out, HasSubstr("Exit codes"));
    EXPECT_EQ(r.err, "");
  }
  const CommandResult help = RunCommand({"plan", "compute", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("Usage: lbctl plan compute [OPTIONS]"));
  EXPECT_THAT(help.out, HasSubstr("--max-moves K"));
  const CommandResult version = RunCommand({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, MatchesRegex("lbctl [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

// One line each, and nothing on standard output.
TEST(CommandLine, WrongArgumentsExitWithTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"flow"},
      {"nonsense"},
      {"--nonsense"},
      {"plan", "compute"},
      {"plan", "compute", "--snapshot", "-", "--nonsense"},
      {"plan", "compute", "--snapshot", "-", "extra"},
      {"plan", "compute", "--snapshot", "-", "--planner", "best"},
      {"plan", "compute", "--snapshot", "-", "--target", "0.9"},
      {"plan", "compute", "--snapshot", "-", "--target", "nan"},
      {"plan", "compute", "--snapshot", "-", "--max-moves", "-1"},
  };
  for (const std::vector<std::string>& arguments : cases) {
    const CommandResult r = RunCommand(arguments);
    SCOPED_TRACE(::testing::PrintToString(arguments) + ": " + r.err);
    EXPECT_EQ(r.exit_code, 2);
    EXPECT_EQ(r.out, "");
    EXPECT_THAT(r.err, MatchesRegex("lbctl: error: [^\n]+\n"));
  }
}

TEST(CommandLine, WhatIsUnknownNamesWhatExists) {
  EXPECT_THAT(RunCommand({"nonsense"}).err,
              HasSubstr("\"nonsense\" is not known to lbctl; its commands are "
                        "flow, plan, simulate; see lbctl --help\n"));
  EXPECT_THAT(RunCommand({"plan", "nonsense"}).err,
              HasSubstr("its commands are compute; see lbctl plan --help\n"));
  EXPECT_THAT(RunCommand({"plan"}).err,
              HasSubstr("a command is missing; its commands are compute; see "
                        "lbctl plan --help\n"));
  EXPECT_THAT(
      RunCommand({"simulate", "--scenario", "x", "--queue", "lifo"}).err,
      HasSubstr("use fair, fifo; see lbctl simulate --help\n"));
}

TEST(CommandLine, NamesAnUnknownFlag) {
  EXPECT_THAT(RunCommand({"plan", "compute", "--snapshot", "-", "--fast"}).err,
              HasSubstr("--fast"));
  EXPECT_THAT(
      RunCommand({"flow", "hash", "--fast", "::1", "1", "::2", "2"}).err,
      HasSubstr("--fast"));
}

// The real program, through a shell.
int Shell(const std::string& arguments) {
  const std::string command =
      std::string(LB_BIN_DIR) + "/lbctl " + arguments + " >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Binary, ExitsWithTheCodesItPromises) {
  EXPECT_EQ(Shell("--version"), 0);
  EXPECT_EQ(Shell("flow hash 192.0.2.1 1 192.0.2.2 2"), 0);
  EXPECT_EQ(Shell("flow hash --nonsense 192.0.2.1 1 192.0.2.2 2"), 2);
  EXPECT_EQ(Shell("plan compute --snapshot /nonexistent/file"), 1);
  EXPECT_EQ(Shell("plan compute --snapshot - < /dev/null"), 1);
}

TEST(Binary, TellsWhenItsOutputCannotBeWritten) {
  const std::string command =
      std::string(LB_BIN_DIR) +
      "/lbctl flow hash 192.0.2.1 1 192.0.2.2 2 2>/dev/null >/dev/full";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 1);
}

}  // namespace
}  // namespace lb::cli
