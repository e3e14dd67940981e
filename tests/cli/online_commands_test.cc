#include "cli/online_commands.h"

#include <chrono>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "cli/command.h"
#include "cli/program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/cli/fake_api.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_dir.h"

namespace lb::cli {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr std::int64_t kNow = 1'767'225'600;  // FakeClock's beginning

struct Result {
  int exit_code = -1;
  std::string out;
  std::string err;
};

class OnlineCommandsTest : public ::testing::Test {
 protected:
  OnlineCommandsTest() { unsetenv("LBCTL_CONTROLLER"); }

  void Serve() { api_ = std::make_unique<FakeApi>(address_, data_); }

  Result RunBare(const std::vector<std::string>& arguments) {
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    CommandContext context{.in = in, .out = out, .err = err, .clock = clock_};
    CLI::App app;
    DescribeProgram(app);
    AddOnlineCommands(app, context);
    std::vector<const char*> argv = {"lbctl"};
    for (const std::string& a : arguments) argv.push_back(a.c_str());
    const int code =
        RunProgram(app, context, static_cast<int>(argv.size()), argv.data());
    return {code, out.str(), err.str()};
  }

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--controller", address_});
    return RunBare(arguments);
  }

  json RunJson(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }

  v1::Host& AddHost(const std::string& name) {
    v1::Host& host = data_.hosts.emplace_back();
    host.set_name("hosts/" + name);
    host.set_state(v1::HOST_STATE_ACTIVE);
    host.mutable_report_time()->set_seconds(kNow - 2);
    return host;
  }

  v1::Plan& AddPlan(std::uint64_t epoch) {
    v1::Plan& plan = data_.plans.emplace_back();
    plan.set_name("hosts/edge-1/plans/" + std::to_string(epoch));
    plan.set_host("edge-1");
    plan.set_epoch(epoch);
    plan.set_state(v1::PLAN_STATE_SENT);
    plan.mutable_create_time()->set_seconds(kNow - 60);
    return plan;
  }

  static v1::Event MakeEvent(std::uint64_t revision) {
    v1::Event event;
    event.set_revision(revision);
    event.mutable_time()->set_seconds(kNow + static_cast<int>(revision));
    event.set_host("edge-1");
    event.set_kind("PLAN_SENT");
    event.set_message("message " + std::to_string(revision));
    return event;
  }

  const TempDir dir_;
  const std::string address_ = "unix:" + dir_.File("v.sock");
  FakeClock clock_;
  FakeApiData data_;
  std::unique_ptr<FakeApi> api_;
};

TEST_F(OnlineCommandsTest, HostListShowsEveryHostInAlignedColumns) {
  v1::Host& host = AddHost("edge-1");
  host.set_system_utilization(0.4567);
  host.set_imbalance(1.234);
  host.set_bound(1);
  host.set_plan_count(12);
  host.add_processors()->set_packets_per_s(12'000);
  host.add_processors()->set_packets_per_s(3'400);
  host.mutable_layout()->add_processors();
  host.mutable_layout()->add_processors();
  v1::Host& other = AddHost("a-host-with-a-longer-name");
  other.set_state(v1::HOST_STATE_FROZEN);
  other.set_reason("STALE: no report for 4 s");
  Serve();
  const Result result = Run({"host", "list"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(
      result.out,
      "HOST                       STATE   PROCESSORS  UTILIZATION  IMBALANCE  "
      "BOUND  PACKETS/S  PLANS  MOVES  REPORT     REASON\n"
      "edge-1                     active           2        45.7%       1.23  "
      " 1.00      15.4k     12      0  2.00s ago  -\n"
      "a-host-with-a-longer-name  frozen           0         0.0%       0.00  "
      " 0.00          0      0      0  2.00s ago  STALE: no report for 4 s\n");
}

TEST_F(OnlineCommandsTest, HostListFollowsThePages) {
  for (int i = 0; i < 25; ++i) AddHost("h" + std::to_string(i));
  data_.page_limit = 10;
  Serve();
  const json answer = RunJson({"host", "list"});
  ASSERT_EQ(answer["hosts"].size(), 25u);
  EXPECT_EQ(answer["hosts"][24]["name"], "hosts/h24");
  EXPECT_EQ(data_.list_calls, 3);
}

TEST_F(OnlineCommandsTest, JsonHasTheProtosNamesAndEveryField) {
  v1::Host& host = AddHost("edge-1");
  host.set_plan_count(1ull << 60);
  host.add_processors()->set_utilization(0.5);
  Serve();
  const json answer = RunJson({"host", "show", "edge-1"});
  EXPECT_EQ(answer["name"], "hosts/edge-1");
  EXPECT_EQ(answer["plan_count"], "1152921504606846976");
  EXPECT_EQ(answer["move_count"], "0");
  EXPECT_EQ(answer["state"], "HOST_STATE_ACTIVE");
  EXPECT_EQ(answer["processors"][0]["in_service"], false);
  EXPECT_FALSE(answer.contains("planCount"));
}

TEST_F(OnlineCommandsTest, HostShowHasBarsAndTheHeaviestBuckets) {
  v1::Host& host = AddHost("edge-1");
  for (double utilization : {0.8, 0.25}) {
    v1::Processor* p = host.add_processors();
    p->set_id(static_cast<std::uint32_t>(host.processors_size() - 1));
    p->set_capacity_permille(167);
    p->set_utilization(utilization);
    p->set_index(10.5);
    p->set_quota(11);
    p->set_in_service(true);
  }
  host.mutable_processors(1)->set_stalled(true);
  for (std::uint32_t b = 0; b < 8; ++b) {
    host.mutable_table()->add_owner(b % 2);
    host.mutable_buckets()->add_bucket(b);
    host.mutable_buckets()->add_load_ns_per_s(10'000'000ull * (b % 4));
    host.mutable_buckets()->add_packets(1);
    host.mutable_buckets()->add_connections(b);
  }
  (*host.mutable_labels())["rack"] = "7";
  Serve();
  for (const char* name : {"edge-1", "hosts/edge-1"}) {
    const Result result = Run({"host", "show", name});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("Last report:  2.00s ago\n"));
    EXPECT_THAT(result.out, HasSubstr("rack=7"));
    EXPECT_THAT(result.out, HasSubstr("16.7%        80.0%  "
                                      "################....  "));
    EXPECT_THAT(result.out, HasSubstr("16.7%        25.0%  "
                                      "#####...............  "));
    EXPECT_THAT(result.out, HasSubstr("stalled"));
    // Buckets 3 and 7 weigh most, then 2 and 6, then 1.
    EXPECT_THAT(result.out,
                ContainsRegex(" 3 +1 +3.0% +3\n +7 +1 +3.0% +7\n +2 +0 +2.0% "
                              "+2\n +6 +0 +2.0% +6\n +1 +1 +1.0% +1\n$"));
  }
}

TEST_F(OnlineCommandsTest, NothingATerminalWouldObeyGetsThrough) {
  AddHost("edge-1").set_reason("\x1b[31mred\nline");
  Serve();
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"host", "list"}, {"host", "show", "edge-1"}}) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos);
    EXPECT_THAT(result.out, HasSubstr("?[31mred?line"));
  }
}

TEST_F(OnlineCommandsTest, PlanListShowsWhatAPlanBroughtAndCost) {
  v1::Plan& done = AddPlan(8);
  done.set_state(v1::PLAN_STATE_MEASURED);
  done.set_imbalance_before(1.6);
  done.set_imbalance_predicted(1.05);
  done.set_imbalance_achieved(1.07);
  done.set_move_count(9);
  done.mutable_cost();
  done.set_max_pause_ns(1'250'000);
  done.set_reason("imbalance 1.60");
  v1::Plan& rejected = AddPlan(7);
  rejected.set_state(v1::PLAN_STATE_REJECTED);
  rejected.set_rejection("plan is for host \"b\"");
  Serve();
  const Result result = Run({"plan", "list", "--host", "edge-1"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(
      result.out,
      ContainsRegex("edge-1/8 +measured +1m00s ago +- +9 +1.60 +1.05 +1.07 "
                    "+1.25ms +0 +imbalance 1.60\n"));
  EXPECT_THAT(result.out, ContainsRegex("edge-1/7 +rejected .* - +- +- +plan "
                                        "is for host \"b\"\n"));
  EXPECT_THAT(data_.parents, ElementsAre("hosts/edge-1"));
}

TEST_F(OnlineCommandsTest, PlanListTakesNoMoreThanItsLimit) {
  for (std::uint64_t epoch = 2'500; epoch > 0; --epoch) AddPlan(epoch);
  Serve();
  EXPECT_EQ(RunJson({"plan", "list"})["plans"].size(), 50u);
  EXPECT_EQ(RunJson({"plan", "list", "--limit", "3"})["plans"].size(), 3u);
  EXPECT_THAT(data_.page_sizes, ElementsAre(50, 3));
  EXPECT_EQ(RunJson({"plan", "list", "--limit", "1001"})["plans"].size(),
            1'001u);
  EXPECT_EQ(data_.page_sizes.back(), 1);
  const json all = RunJson({"plan", "list", "--limit", "0"});
  EXPECT_EQ(all["plans"].size(), 2'500u);
  EXPECT_EQ(all["plans"][2'499]["epoch"], "1");
  EXPECT_THAT(data_.parents, Each("hosts/-"));
}

TEST_F(OnlineCommandsTest, PlanShowTakesBothNames) {
  v1::Plan& plan = AddPlan(7);
  v1::PlannedMove* move = plan.add_moves();
  move->mutable_move()->set_bucket(77);
  move->mutable_move()->set_to(3);
  move->set_load_ns_per_s(25'000'000);
  move->set_outcome(v1::MOVE_OUTCOME_MOVED);
  move->set_pause_ns(900);
  move->set_reason("processor 0 is at 90%");
  plan.add_indexes(1.5);
  plan.add_quotas(2);
  Serve();
  for (const char* name : {"edge-1/7", "hosts/edge-1/plans/7"}) {
    const Result result = Run({"plan", "show", name});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, ContainsRegex("77 +0 +3 +2.5% +moved +900ns "
                                          "+processor 0 is at 90%\n"));
    EXPECT_THAT(result.out, HasSubstr("1.50 -> 2"));
  }
  const json answer = RunJson({"plan", "show", "edge-1/7"});
  EXPECT_EQ(answer["moves"][0]["move"]["bucket"], 77);
  EXPECT_EQ(answer["moves"][0]["outcome"], "MOVE_OUTCOME_MOVED");
  EXPECT_FALSE(answer.contains("imbalance_achieved"));
}

TEST_F(OnlineCommandsTest, EventTailPrintsTheNewestOldestFirst) {
  for (std::uint64_t r = 100; r > 0; --r) data_.events.push_back(MakeEvent(r));
  Serve();
  const Result result = Run({"event", "tail", "--limit", "2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out,
              MatchesRegex("2026-01-01T00:01:39.000Z +99 +edge-1 +PLAN_SENT "
                           "+message 99\n[^\n]* 100 [^\n]*message 100\n"));
  const Result lines = Run({"event", "tail", "-o", "json", "--after", "97"});
  std::istringstream in(lines.out);
  std::vector<std::string> revisions;
  for (std::string line; std::getline(in, line);) {
    revisions.push_back(json::parse(line)["revision"]);
  }
  EXPECT_THAT(revisions, ElementsAre("98", "99", "100"));
}

TEST_F(OnlineCommandsTest, EventTailFollowsFromWhereTheListEnded) {
  for (std::uint64_t r = 5; r > 0; --r) data_.events.push_back(MakeEvent(r));
  for (std::uint64_t r = 4; r < 9; ++r) data_.watched.push_back(MakeEvent(r));
  Serve();
  const Result result =
      Run({"event", "tail", "--follow", "--limit", "1", "--host", "edge-1"});
  EXPECT_EQ(data_.watched_after, 5u);
  EXPECT_THAT(result.out, HasSubstr("message 5\n"));
  EXPECT_THAT(result.out, HasSubstr("message 8\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("message 4\n")));
  // A stream that ends is an error, with where to go on.
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]*shutting down[^\n]*"
                                       "--after 8\n"));
}

// What is committed between the list and the watch must not be missed.
TEST_F(OnlineCommandsTest, EventTailFollowsAHostThatHasNoEventsYet) {
  data_.events.push_back(MakeEvent(40));
  Serve();
  EXPECT_EQ(Run({"event", "tail", "--follow", "--host", "quiet"}).out, "");
  EXPECT_EQ(data_.watched_after, 40u);
  // Nor may --after be forgotten where nothing newer is listed.
  Run({"event", "tail", "--follow", "--after", "90"});
  EXPECT_EQ(data_.watched_after, 90u);
}

TEST_F(OnlineCommandsTest, AnUnreachableControllerIsNamedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const Result result = Run({"host", "list"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              MatchesRegex("lbctl: error: cannot reach the controller at " +
                           address_ + " [^\n]*start lb-controller[^\n]*\n"));
}

TEST_F(OnlineCommandsTest, TheEnvironmentNamesTheController) {
  AddHost("edge-1");
  Serve();
  setenv("LBCTL_CONTROLLER", address_.c_str(), 1);
  EXPECT_EQ(RunBare({"host", "list"}).exit_code, 0);
  unsetenv("LBCTL_CONTROLLER");
}

TEST_F(OnlineCommandsTest, ConnectionFlagsMayComeBeforeOrAfterTheCommand) {
  AddHost("edge-1");
  Serve();
  setenv("LBCTL_CONTROLLER", "unix:/nobody/here", 1);  // flags go first
  EXPECT_EQ(RunBare({"--controller", address_, "host", "list"}).exit_code, 0);
  EXPECT_EQ(RunBare({"host", "--controller", address_, "list"}).exit_code, 0);
  EXPECT_EQ(RunBare({"host", "list", "--controller", address_}).exit_code, 0);
  unsetenv("LBCTL_CONTROLLER");
  EXPECT_THAT(RunBare({"host", "list", "--help"}).out,
              HasSubstr("\nConnection:\n  --controller TARGET="));
}

TEST_F(OnlineCommandsTest, WrongArgumentsPointToTheCommandsHelp) {
  EXPECT_THAT(RunBare({"host"}).err, HasSubstr("; see lbctl host --help\n"));
  EXPECT_THAT(RunBare({"host", "list", "--bogus"}).err,
              HasSubstr("--bogus; see lbctl host list --help\n"));
}

TEST_F(OnlineCommandsTest, UnknownThingsExitWithOne) {
  Serve();
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"host", "show", "nobody"}, {"plan", "show", "nobody/1"}}) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]*nobody[^\n]*\n"));
  }
}

TEST_F(OnlineCommandsTest, WrongArgumentsExitWithTwo) {
  const std::vector<std::vector<std::string>> cases = {
      {"host", "show"},
      {"host", "show", "a/b"},
      {"host", "show", "-o", "xml", "a"},
      {"plan", "show", "a"},
      {"plan", "show", "a/x"},
      {"plan", "show", "/7"},
      {"plan", "list", "--limit", "-1"},
      {"plan", "list", "--host", "-"},
      {"event", "tail", "--after", "x"},
      {"host", "list", "--timeout", "0"},
      {"host", "list", "--controller", "127.0.0.1:7000"},
      {"host", "list", "--controller", "10.0.0.1:7", "--insecure-loopback"},
  };
  for (const auto& arguments : cases) {
    const Result result = RunBare(arguments);
    SCOPED_TRACE(::testing::PrintToString(arguments) + ": " + result.err);
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, MatchesRegex("lbctl: error: [^\n]+\n"));
  }
}

}  // namespace
}  // namespace lb::cli
