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

CommandResult Compute(const std::string& input,
                      std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.begin(), {"plan", "compute", "--snapshot", "-"});
  return RunCommand(std::move(arguments), input);
}

constexpr char kSkewed[] =
    R"({"processors":2,"load":[0.1,0.1,0.1,0.1],"assignment":[0,0,0,1]})"
    "\n";

// Every field, in a stable order.
TEST(PlanComputeCommand, AnswersInOneLine) {
  const CommandResult r = Compute(kSkewed);
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(r.err, "");
  // U = 0.2; I = 3 x 0.2 / 0.3 and 1 x 0.2 / 0.1. The clock stands still.
  EXPECT_EQ(r.out,
            R"({"assignment":[1,0,0,1],"moves":[{"bucket":0,"from":0,"to":1,)"
            R"("reason":"processor 0 is at 30.0%; )"
            R"(processor 1 at 10.0% has room for it"}],)"
            R"("reason":"the target is met: imbalance 1.000, target 1.000",)"
            R"("imbalance_before":1.5,"imbalance_after":1.0,"bound":1.0,)"
            R"("indexes":[2.0,2.0],"total_index":4.0,"quotas":[2,2],)"
            R"("solve_ns":0})"
            "\n");
}

TEST(PlanComputeCommand, EchoesTheNameAndIgnoresOtherFields) {
  const CommandResult r = Compute(
      R"({"name":"a","x":[1],"processors":1,"load":[0.1],"assignment":[0]})");
  EXPECT_EQ(r.exit_code, 0);
  const json answer = json::parse(r.out);
  EXPECT_EQ(answer["name"], "a");
  EXPECT_EQ(answer["moves"], json::array());
  EXPECT_FALSE(answer.contains("x"));
}

TEST(PlanComputeCommand, KnowsCapacitiesAndUtilizations) {
  const CommandResult capacities =
      Compute(R"({"processors":[{"capacity":0.5},{}],"load":[0.1,0.1,0.1],)"
              R"("assignment":[0,1,1]})");
  // 0.2 on either.
  EXPECT_EQ(json::parse(capacities.out)["imbalance_before"], 1.0);
  const CommandResult utilizations =
      Compute(R"({"processors":[{"capacity":0.5},{}],"load":[0,0,0,0],)"
              R"("assignment":[0,0,1,1],"utilization":[0.8,0.2]})");
  const json answer = json::parse(utilizations.out);
  EXPECT_DOUBLE_EQ(answer["imbalance_before"], 2.0);  // 0.8 / 0.4
  ASSERT_EQ(answer["moves"].size(), 1U);
  EXPECT_EQ(answer["moves"][0]["bucket"], 0);
  EXPECT_EQ(answer["moves"][0]["to"], 1);
}

TEST(PlanComputeCommand, SparesConnections) {
  const CommandResult r =
      Compute(R"({"processors":2,"load":[0.1,0.1,0.1,0.1],)"
              R"("assignment":[0,0,0,1],"connections":[3,1,2,9]})");
  EXPECT_EQ(json::parse(r.out)["moves"][0]["bucket"], 1);
}

TEST(PlanComputeCommand, HonoursTargetAndBudget) {
  const std::string input =
      R"({"processors":2,"load":[0.1,0.1,0.1,0.1,0.1,0.1,0.1,0.1],)"
      R"("assignment":[0,0,0,0,0,0,0,0]})";
  const auto moves = [&](std::vector<std::string> arguments) {
    return json::parse(Compute(input, std::move(arguments)).out)["moves"]
        .size();
  };
  EXPECT_EQ(moves({}), 4u);
  EXPECT_EQ(moves({"--max-moves", "2"}), 2u);
  EXPECT_EQ(moves({"--max-moves", "0"}), 0u);
  EXPECT_EQ(moves({"--target", "1.5"}), 2u);
  EXPECT_EQ(moves({"--target", "1.49"}), 3u);
  EXPECT_EQ(moves({"--target", "1"}), 4u);
}

TEST(PlanComputeCommand, AnswersEveryLineUpToABadOne) {
  const CommandResult r = Compute(std::string(kSkewed) + "\n" + kSkewed +
                                  "{\"processors\":2,\n" + kSkewed);
  EXPECT_EQ(r.exit_code, 1);
  EXPECT_EQ(std::count(r.out.begin(), r.out.end(), '\n'), 2);
  EXPECT_THAT(r.err, HasSubstr("lbctl: error: standard input, line 4: "
                               "malformed JSON: parse error at line 1"));
}

TEST(PlanComputeCommand, NamesWhatIsWrong) {
  struct Case {
    const char* line;
    const char* message;
  };
  const Case cases[] = {
      {"{", "malformed JSON"},
      {"[]", "a JSON array where an object is needed"},
      {R"({"load":[],"assignment":[]})", "processors is missing"},
      {R"({"processors":0,"load":[],"assignment":[]})",
       "processors is 0; use 1 to 1024"},
      {R"({"processors":-1,"load":[],"assignment":[]})", "processors is -1"},
      {R"({"processors":1.5,"load":[],"assignment":[]})",
       "processors is 1.5; use a whole number"},
      {R"({"processors":"2","load":[],"assignment":[]})",
       "processors is string; use a whole number"},
      {R"({"processors":[],"load":[],"assignment":[]})", "processors is empty"},
      {R"({"processors":[3],"load":[],"assignment":[]})",
       "processors[0] is a number; use an object"},
      {R"({"processors":[{"capacity":2}],"load":[0],"assignment":[0]})",
       "processors[0].capacity is 2; use 0.001 to 1"},
      {R"({"processors":1,"assignment":[0]})", "load is missing"},
      {R"({"processors":1,"load":3,"assignment":[0]})",
       "load is a number; use an array"},
      {R"({"processors":1,"load":["a"],"assignment":[0]})",
       "load[0] is a string; use a number"},
      {R"({"processors":1,"load":[-0.1],"assignment":[0]})",
       "load[0] is -0.1; use 0 to 1e+06"},
      {R"({"processors":1,"load":[1e300],"assignment":[0]})",
       "load[0] is 1e+300"},
      {R"({"processors":1,"load":[0.1],"assignment":[1]})",
       "assignment[0] is 1; use 0 to 0"},
      {R"({"processors":1,"load":[0.1],"assignment":[0,0]})",
       "load has 1 buckets, assignment 2"},
      {R"({"processors":1,"load":[],"assignment":[]})", "0 buckets"},
      {R"({"processors":1,"load":[0],"assignment":[0],"utilization":[1,2]})",
       "utilization has 2 processors, processors 1"},
      {R"({"processors":1,"load":[0],"assignment":[0],"utilization":[null]})",
       "utilization[0] is a null; use a number"},
      {R"({"processors":1,"load":[NaN],"assignment":[0]})", "malformed JSON"},
      {R"({"processors":1,"load":[Infinity],"assignment":[0]})",
       "malformed JSON"},
      {R"({"processors":1,"load":[1e400],"assignment":[0]})", "malformed JSON"},
      {R"({"processors":1,"load":[0,1e308],"assignment":[0,0]})",
       "load[1] is 1e+308; use 0 to 1e+06"},
      {R"({"processors":[{},{"capacity":0}],"load":[0],"assignment":[0]})",
       "processors[1].capacity is 0; use 0.001 to 1"},
      {R"({"processors":[{"capacity":-1}],"load":[0],"assignment":[0]})",
       "processors[0].capacity is -1"},
      {R"({"processors":1025,"load":[0],"assignment":[0]})",
       "processors is 1025; use 1 to 1024"},
      {R"({"processors":2,"load":[0,0],"assignment":[0,-1]})",
       "assignment[1] is -1; use 0 to 1"},
      {R"({"processors":1,"load":[0],"assignment":[0],"utilization":[-1]})",
       "utilization[0] is -1"},
      {"\xff\xfe", "malformed JSON"},
      {"", "standard input holds no snapshot"},
  };
  for (const Case& c : cases) {
    const CommandResult r = Compute(c.line);
    SCOPED_TRACE(c.line);
    EXPECT_EQ(r.exit_code, 1);
    EXPECT_EQ(r.out, "");
    EXPECT_THAT(r.err, MatchesRegex("lbctl: error: [^\n]+\n"));
    EXPECT_THAT(r.err, HasSubstr(c.message));
  }
}

TEST(PlanComputeCommand, ReadsFiles) {
  const std::string path = ::testing::TempDir() + "/plan_compute_test.jsonl";
  std::ofstream(path) << kSkewed;
  const CommandResult r = RunCommand({"plan", "compute", "--snapshot", path});
  EXPECT_EQ(r.exit_code, 0);
  EXPECT_EQ(r.out, Compute(kSkewed).out);
  std::ofstream(path) << "{}";
  EXPECT_THAT(RunCommand({"plan", "compute", "--snapshot", path}).err,
              HasSubstr(path + ", line 1: processors is missing"));
  std::remove(path.c_str());
  const CommandResult gone =
      RunCommand({"plan", "compute", "--snapshot", path});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_EQ(gone.err,
            "lbctl: error: " + path + ": No such file or directory\n");
  const CommandResult folder =
      RunCommand({"plan", "compute", "--snapshot", ::testing::TempDir()});
  EXPECT_EQ(folder.exit_code, 1);
  EXPECT_THAT(folder.err, HasSubstr("Is a directory"));
}

TEST(PlanComputeCommand, KnowsEveryPlanner) {
  for (const char* planner : {"index", "load", "rsspp", "static"}) {
    const CommandResult r = Compute(kSkewed, {"--planner", planner});
    EXPECT_EQ(r.exit_code, 0) << r.err;
    EXPECT_EQ(json::parse(r.out)["moves"].size(),
              std::string(planner) == "static" ? 0u : 1u);
  }
  EXPECT_NE(Compute(kSkewed, {"--planner", "best"}).exit_code, 0);
}

}  // namespace
}  // namespace lb::cli
