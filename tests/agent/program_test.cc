// The real lb-agent, from outside.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "common/table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/process.h"
#include "tests/support/scripted_controller.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::chrono::seconds kLimit{60};
constexpr char kCapture[] = LB_SOURCE_DIR "/tests/data/mixed.pcap";

std::vector<std::string> Arguments(std::vector<std::string> more) {
  more.insert(more.begin(), LB_BIN_DIR "/lb-agent");
  return more;
}

Ended RunAgent(std::vector<std::string> arguments) {
  auto ended = RunProgram(Arguments(std::move(arguments)), kLimit);
  EXPECT_TRUE(ended.ok()) << ended.status();
  return ended.ok() ? *ended : Ended();
}

json Standalone(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--standalone", "--once", "--no-spin",
                                        "--source",
                                        std::string("pcap:") + kCapture};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Ended ended = RunAgent(arguments);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  return json::parse(ended.out, nullptr, false);
}

std::uint64_t Sum(const json& values, const std::string& field = "") {
  std::uint64_t sum = 0;
  for (const json& value : values) {
    sum += (field.empty() ? value : value.at(field)).get<std::uint64_t>();
  }
  return sum;
}

// Every packet is in one parse result, one bucket and one processor, whatever
// the layout, and nothing is dropped, lost or reordered.
TEST(StandaloneRun, AccountsForEveryPacketWhateverTheLayout) {
  const std::vector<std::vector<std::string>> layouts = {
      {"--processors", "1"},
      {"--processors", "4", "--buckets", "64"},
      {"--processors", "3", "--hash", "toeplitz"},
      {"--processors", "2", "--handler", "burn:1us"}};
  json first;
  for (const auto& layout : layouts) {
    const json report = Standalone(layout);
    SCOPED_TRACE(report.dump().substr(0, 400));
    const auto packets = report.at("packets").get<std::uint64_t>();
    EXPECT_GT(packets, 1'000u);
    EXPECT_EQ(Sum(report["parse"]), packets);
    EXPECT_EQ(Sum(report["buckets"], "packets"), packets);
    EXPECT_EQ(Sum(report["processors"], "packets"), packets);
    EXPECT_EQ(Sum(report["dropped"]), 0u);
    EXPECT_EQ(report["lost"], 0);
    EXPECT_EQ(report["reordered"], 0);
    EXPECT_EQ(report["duplicated"], 0);
    if (first.is_null()) first = report;
    for (const char* field : {"packets", "bytes", "parse", "connections"}) {
      EXPECT_EQ(report[field], first[field]) << field;
    }
  }
}

// Without a key file the key is zeros, so a bucket is the same in every run.
TEST(StandaloneRun, DealsTheSameWayEveryTime) {
  EXPECT_EQ(Standalone({"--processors", "2"})["buckets"],
            Standalone({"--processors", "4"})["buckets"]);
}

TEST(StandaloneRun, WritesItsReportToAFile) {
  const TempDir dir;
  const Ended ended =
      RunAgent({"--standalone", "--once", "--source",
                std::string("pcap:") + kCapture, "--report", dir.File("r")});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "");
  std::ifstream file(dir.File("r"));
  EXPECT_GT(json::parse(file)["packets"], 0);
}

TEST(StandaloneRun, ATruncatedCaptureIsAnErrorWithoutAReport) {
  const TempDir dir;
  std::ifstream in(kCapture, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::ofstream(dir.File("cut.pcap"), std::ios::binary)
      << bytes.substr(0, bytes.size() / 2 + 7);
  std::ofstream(dir.File("text.pcap")) << "this is no capture, but it is long "
                                          "enough to hold a file header";
  for (const std::string name : {"cut.pcap", "text.pcap", "missing.pcap"}) {
    const std::string report = dir.File("report");
    const Ended ended =
        RunAgent({"--standalone", "--once", "--source",
                  "pcap:" + dir.File(name), "--report", report});
    EXPECT_EQ(ended.exit_code, 1) << name;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err,
                MatchesRegex("lb-agent: error: [^\n]*" + name + "[^\n]*\n"));
    EXPECT_FALSE(std::filesystem::exists(report));
  }
}

TEST(StandaloneRun, ASignalEndsItWithAReportUnlessItWasToBeWhole) {
  for (const bool once : {false, true}) {
    std::vector<std::string> arguments = {
        "--standalone",
        "--processors",
        "1",
        "--no-spin",
        "--source",
        std::string("pcap:") + kCapture + ",loop",
        "--log-level",
        "debug"};
    if (once) arguments.push_back("--once");
    auto process = Process::Start(Arguments(arguments));
    ASSERT_TRUE(process.ok());
    ASSERT_TRUE((*process)->WaitForLine("started", kLimit));
    (*process)->Signal(SIGTERM);
    const auto ended = (*process)->Wait(kLimit);
    ASSERT_TRUE(ended.ok()) << ended.status();
    EXPECT_EQ(ended->exit_code, once ? 1 : 0) << ended->err;
    EXPECT_EQ(ended->out.empty(), once);
  }
}

TEST(AgentProgram, WrongArgumentsExitWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {}, {"--nonsense"}, {"--source", "pcap:x", "--capacity", "9"}}) {
    const Ended ended = RunAgent(arguments);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, MatchesRegex("lb-agent: error: [^\n]+\n"));
  }
}

TEST(AgentProgram, WrongSourcesAndHandlersAreNamed) {
  // An interface may be there at the next start.
  for (const auto& [flag, value, exit_code] :
       std::vector<std::tuple<std::string, std::string, int>>{
           {"--source", "carrier-pigeon:x", 2},
           {"--handler", "burn:lots", 2},
           {"--source", "interface:nosuchdevice0", 1}}) {
    const Ended ended =
        RunAgent({"--standalone", "--once", "--source",
                  std::string("pcap:") + kCapture, flag, value});
    EXPECT_EQ(ended.exit_code, exit_code) << value;
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, MatchesRegex("lb-agent: error: [^\n]+\n"));
  }
}

class ServingAgentTest : public ::testing::Test {
 protected:
  std::unique_ptr<Process> StartAgent(const std::string& host = "host-a") {
    auto process = Process::Start(Arguments(
        {"--host", host, "--controller", address_, "--state-dir",
         dir_.File("state"), "--processors", "2", "--no-spin", "--buckets",
         "64", "--source", std::string("pcap:") + kCapture + ",loop,speed=1",
         "--log-level", "debug"}));
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  v1::Hello ReceiveHello() {
    const auto request = controller_.ReceiveUntil(
        [](const v1::ConnectRequest& r) { return r.has_hello(); }, kLimit);
    EXPECT_TRUE(request.has_value());
    return request ? request->hello() : v1::Hello();
  }

  v1::PlanResult ReceiveResult() {
    const auto request = controller_.ReceiveUntil(
        [](const v1::ConnectRequest& r) { return r.has_plan_result(); },
        kLimit);
    EXPECT_TRUE(request.has_value());
    return request ? request->plan_result() : v1::PlanResult();
  }

  // Moves bucket 0 to the other processor.
  static v1::ConnectResponse MakePlan(const v1::Hello& hello,
                                      std::uint64_t epoch) {
    v1::ConnectResponse response;
    v1::PlanCommand* plan = response.mutable_plan();
    plan->set_host(hello.host());
    plan->set_store_id("store-1");
    plan->set_term(1);
    plan->set_epoch(epoch);
    plan->set_base(hello.table().digest());
    *plan->mutable_table() = hello.table();
    plan->mutable_table()->set_owner(0, 1 - hello.table().owner(0));
    Table table{static_cast<HashKind>(hello.table().hash()),
                hello.table().key_id(),
                {}};
    for (std::uint32_t owner : plan->table().owner()) {
      table.owner.emplace_back(static_cast<std::uint16_t>(owner));
    }
    plan->mutable_table()->set_digest(ComputeDigest(table).value());
    plan->set_deadline_ms(30'000);
    return response;
  }

  const TempDir dir_;
  const std::string address_ = "unix:" + dir_.File("agent.sock");
  ScriptedController controller_{address_};
};

TEST_F(ServingAgentTest, FollowsAControllerAndKeepsItsPlanOverKillMinusNine) {
  std::unique_ptr<Process> agent = StartAgent();
  const v1::Hello hello = ReceiveHello();
  EXPECT_EQ(hello.host(), "host-a");
  EXPECT_EQ(hello.layout().processors_size(), 2);
  ASSERT_TRUE(controller_.SendWelcome("store-1", 1));
  const auto report = controller_.ReceiveUntil(
      [](const v1::ConnectRequest& r) {
        return r.has_report() && r.report().counters().served() > 0;
      },
      kLimit);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->report().digest_start(), hello.table().digest());

  v1::ConnectResponse wrong = MakePlan(hello, 1);
  wrong.mutable_plan()->set_host("host-b");
  ASSERT_TRUE(controller_.Send(wrong));
  const v1::PlanResult refused = ReceiveResult();
  EXPECT_EQ(refused.state(), v1::APPLY_STATE_REJECTED);
  EXPECT_THAT(refused.reason(),
              AllOf(HasSubstr("\"host-b\""), HasSubstr("\"host-a\"")));
  EXPECT_EQ(refused.digest(), hello.table().digest());

  const v1::ConnectResponse right = MakePlan(hello, 1);
  ASSERT_TRUE(controller_.Send(right));
  const v1::PlanResult applied = ReceiveResult();
  EXPECT_EQ(applied.state(), v1::APPLY_STATE_APPLIED) << applied.reason();
  EXPECT_EQ(applied.digest(), right.plan().table().digest());
  EXPECT_EQ(applied.counters().lost(), 0u);
  EXPECT_EQ(applied.counters().reordered(), 0u);

  agent->Signal(SIGKILL);
  ASSERT_TRUE(agent->Wait(kLimit).ok());
  agent = StartAgent();
  const v1::Hello again = ReceiveHello();
  EXPECT_EQ(again.table().digest(), right.plan().table().digest());
  EXPECT_EQ(again.layout().key_id(), hello.layout().key_id());
  EXPECT_EQ(again.seen_epoch(), 1u);
  EXPECT_EQ(again.store_id(), "store-1");
  EXPECT_EQ(again.last_result().state(), v1::APPLY_STATE_APPLIED);
  EXPECT_NE(again.instance_id(), hello.instance_id());

  agent->Signal(SIGTERM);
  const auto ended = agent->Wait(kLimit);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_code, 0)
      << "signal " << ended->signal << ": " << ended->err;
}

TEST_F(ServingAgentTest, ALostKeyIsANewDealAndAnEvent) {
  {
    const std::unique_ptr<Process> agent = StartAgent();
    const v1::Hello hello = ReceiveHello();
    agent->Signal(SIGTERM);
    ASSERT_TRUE(agent->Wait(kLimit).ok());
  }
  ASSERT_TRUE(std::filesystem::remove(dir_.File("state/key")));
  const std::unique_ptr<Process> agent = StartAgent();
  ReceiveHello();
  ASSERT_TRUE(controller_.SendWelcome("store-1", 1));
  const auto event = controller_.ReceiveUntil(
      [](const v1::ConnectRequest& r) { return r.has_agent_event(); }, kLimit);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->agent_event().kind(), v1::AGENT_EVENT_KIND_NEW_KEY);
}

TEST_F(ServingAgentTest, RefusesAForeignOrDamagedPlanAndATakenDirectory) {
  const std::unique_ptr<Process> agent = StartAgent();
  ReceiveHello();
  auto second = StartAgent()->Wait(kLimit);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->exit_code, 4);
  EXPECT_THAT(second->err, HasSubstr("held by another agent"));
  agent->Signal(SIGTERM);
  ASSERT_TRUE(agent->Wait(kLimit).ok());

  const auto foreign = StartAgent("host-b")->Wait(kLimit);
  ASSERT_TRUE(foreign.ok());
  EXPECT_EQ(foreign->exit_code, 3);
  EXPECT_THAT(foreign->err, HasSubstr("is of host host-a"));

  std::filesystem::resize_file(dir_.File("state/plan"), 40);
  const auto damaged = StartAgent()->Wait(kLimit);
  ASSERT_TRUE(damaged.ok());
  EXPECT_EQ(damaged->exit_code, 3);
  EXPECT_THAT(damaged->err, MatchesRegex("lb-agent: error: [^\n]*damaged"
                                         "[^\n]*move the file away[^\n]*\n"));
}

}  // namespace
}  // namespace lb::agent
