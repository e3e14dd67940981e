#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/cli/command_fixture.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr char kScenario[] =
    "processors: 4\nbuckets: 256\nconnections: 300\nload_permille: 800\n"
    "service_us: 500\nduration_ms: 20000\nignored_ms: 10000\n";

class SimulateCommand : public ::testing::Test {
 protected:
  SimulateCommand() { Write(scenario_, kScenario); }
  ~SimulateCommand() override {
    std::remove(scenario_.c_str());
    std::remove(policy_.c_str());
  }

  static void Write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
  }

  CommandResult Simulate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"simulate", "--scenario", scenario_});
    return RunCommand(std::move(arguments));
  }

  const std::string scenario_ =
      ::testing::TempDir() + "/simulate_command_test.yaml";
  const std::string policy_ =
      ::testing::TempDir() + "/simulate_command_test_policy.yaml";
};

TEST_F(SimulateCommand, PrintsATable) {
  const CommandResult r =
      Simulate({"--planner", "static,rsspp,load", "--seeds", "2"});
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_EQ(r.err, "");
  EXPECT_THAT(r.out,
              HasSubstr("simulate_command_test: 1 x 4 processors, 256 buckets, "
                        "mean load 80.0%, queue fair, 20 s of which the first "
                        "10 s are ignored\nMedians of 2 seeds from 1\n"));
  EXPECT_THAT(r.out, HasSubstr("\nPLANNER  P50 MS "));
  EXPECT_THAT(r.out, HasSubstr("OVER static"));
  EXPECT_THAT(r.out, HasSubstr("OVER rsspp"));
  EXPECT_THAT(r.out, HasSubstr("\n10..11 s "));
}

TEST_F(SimulateCommand, PrintsJson) {
  const CommandResult r =
      Simulate({"--planner", "static,load", "--seeds", "3", "-o", "json"});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json answer = json::parse(r.out);
  EXPECT_EQ(answer["scenario"], "simulate_command_test");
  EXPECT_EQ(answer["queue"], "fair");
  ASSERT_EQ(answer["planners"].size(), 2u);
  const json& fixed = answer["planners"][0];
  EXPECT_EQ(fixed["planner"], "static");
  EXPECT_EQ(fixed["median"]["moves"], 0);
  const json& load = answer["planners"][1];
  ASSERT_EQ(load["runs"].size(), 3u);
  EXPECT_EQ(load["runs"][2]["seed"], 3);
  const json& run = load["runs"][0];
  EXPECT_GT(run["moves"], 0);
  EXPECT_EQ(run["hosts"][0]["seconds"]["imbalance"].size(), 20u);
  EXPECT_EQ(run["all_plans"].size(), run["plans"]);
  EXPECT_EQ(run["packets"]["arrived"],
            run["packets"]["served"].get<int>() +
                run["packets"]["dropped"].get<int>() +
                run["packets"]["queued"].get<int>());
  EXPECT_LT(load["median"]["imbalance"], fixed["median"]["imbalance"]);
}

TEST_F(SimulateCommand, AnswersTheSameToTheByte) {
  for (const char* form : {"table", "json"}) {
    const CommandResult a = Simulate({"--seed", "5", "-o", form});
    EXPECT_EQ(a.exit_code, 0) << a.err;
    EXPECT_EQ(a.out, Simulate({"--seed", "5", "-o", form}).out);
    EXPECT_NE(a.out, Simulate({"--seed", "6", "-o", form}).out);
  }
}

TEST_F(SimulateCommand, HeedsPolicyAndQueue) {
  Write(policy_, "mode: off\n");
  const CommandResult r = Simulate({"--planner", "load", "--policy", policy_,
                                    "--queue", "fifo", "-o", "json"});
  ASSERT_EQ(r.exit_code, 0) << r.err;
  const json answer = json::parse(r.out);
  EXPECT_EQ(answer["queue"], "fifo");
  EXPECT_EQ(answer["planners"][0]["median"]["moves"], 0);
}

TEST_F(SimulateCommand, WrongArgumentsExitWithTwo) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--planner", "best"},
        std::vector<std::string>{"--planner", "load,best"},
        std::vector<std::string>{"--seeds", "0"},
        std::vector<std::string>{"--seeds", "1001"},
        std::vector<std::string>{"--seed", "-1"},
        std::vector<std::string>{"--seed", "x"},
        std::vector<std::string>{"--queue", "lifo"},
        std::vector<std::string>{"-o", "xml"},
        std::vector<std::string>{"--scenarios", "x"}}) {
    const CommandResult r = Simulate(arguments);
    EXPECT_EQ(r.exit_code, 2) << arguments[0] << ' ' << arguments[1];
    EXPECT_EQ(r.out, "");
    EXPECT_THAT(r.err, MatchesRegex("lbctl: error: [^\n]+\n"));
  }
  EXPECT_EQ(RunCommand({"simulate"}).exit_code, 2);
}

TEST_F(SimulateCommand, BadFilesExitWithOneAndAreNamed) {
  const auto fails = [&](const std::string& words,
                         std::vector<std::string> arguments = {}) {
    const CommandResult r = Simulate(std::move(arguments));
    EXPECT_EQ(r.exit_code, 1);
    EXPECT_EQ(r.out, "");
    EXPECT_THAT(r.err, MatchesRegex("lbctl: error: [^\n]+\n"));
    EXPECT_THAT(r.err, HasSubstr(words));
  };
  fails("policy file: " + policy_ + ": No such file or directory",
        {"--policy", policy_});
  Write(policy_, "triger: 3\n");
  fails("policy file " + policy_ + ": key \"triger\" is unknown",
        {"--policy", policy_});
  Write(scenario_, "processors: 0\n");
  fails("scenario file " + scenario_ + ": processors is 0; use 1 to 256");
  Write(scenario_, "capture: gone.pcap\n");
  fails("gone.pcap");
  Write(scenario_, "capture: simulate_command_test.yaml\n");
  fails("simulate_command_test.yaml");
  std::remove(scenario_.c_str());
  fails(scenario_ + " cannot be read");
}

}  // namespace
}  // namespace lb::cli
