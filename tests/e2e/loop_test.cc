// The whole loop: packets, measurements, plans, history.
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/fleet.h"

namespace lb::e2e {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// Even on a machine that is busy with other things, some plan soon reaches
// what the first one found far away.
TEST(Loop, PlansBringASkewedHostBackToEven) {
  Fleet fleet;
  fleet.StartController();
  const auto agent = fleet.StartAgent("host-a");
  const json first = fleet.WaitForEvent(
      [](const json& e) { return IsKind(e, "PLAN_APPLIED"); });
  ASSERT_FALSE(first.is_null());
  const json before = fleet.Ask({"plan", "show", "host-a/1"});
  EXPECT_GT(before["imbalance_before"], 1.3);
  EXPECT_GT(before["moves"].size(), 0u);

  json plans;
  fleet.WaitForEvent([&](const json& event) {
    if (!IsKind(event, "PLAN_MEASURED")) return false;
    plans = fleet.Ask({"plan", "list", "--limit", "0"})["plans"];
    return std::any_of(plans.begin(), plans.end(), [](const json& plan) {
      return plan.value("imbalance_achieved", 9.0) <= 1.15;
    });
  });
  for (const json& plan : plans) {
    if (plan.contains("cost")) ExpectNothingLost(plan["cost"]);
  }
  const json host = fleet.Ask({"host", "show", "host-a"});
  ExpectNothingLost(host["counters"]);
  EXPECT_GT(Number(host["counters"]["served"]), 1'000u);
  EXPECT_GT(Number(host["move_count"]), 0u);
  EXPECT_EQ(host["processors"].size(), 4u);
  EXPECT_EQ(host["table"]["owner"].size(), 256u);
  EXPECT_EQ(host["policy"]["fair_queue_quantum_us"], 100);
  EXPECT_EQ(host["policy"]["fair_queue_limit_packets"], 4'000);
  EXPECT_TRUE(agent->WaitForLine(
      "fair queue: quantum 100 us, limit 4000 packets", kLimit));
}

TEST(Loop, AKilledControllerLeavesPacketsFlowingAndItsHistoryWhole) {
  Fleet fleet;
  fleet.StartController();
  const auto agent = fleet.StartAgent("host-a");
  fleet.WaitForEvent([](const json& e) { return IsKind(e, "PLAN_APPLIED"); });
  const std::set<std::string> plans_before = fleet.PlanNames();
  const std::set<std::string> events_before = fleet.Events();
  ASSERT_FALSE(plans_before.empty());
  const std::uint64_t term_before =
      Number(fleet.Ask({"plan", "show", "host-a/1"})["term"]);

  fleet.controller().Signal(SIGKILL);
  ASSERT_TRUE(fleet.controller().Wait(kLimit).ok());
  // From here on there is no controller; the agent says so, and serves on.
  ASSERT_TRUE(agent->WaitUntil(
      [&] { return agent->err().find("no controller") != std::string::npos; },
      kLimit));
  const long long alone = NumberAfter(agent->err(), "interval: ");
  ASSERT_TRUE(agent->WaitUntil(
      [&] { return NumberAfter(agent->err(), "interval: ") > alone + 1'000; },
      kLimit))
      << agent->err();
  const Ended nobody = fleet.Lbctl({"host", "list"});
  EXPECT_EQ(nobody.exit_code, 7);
  EXPECT_THAT(nobody.err, HasSubstr("viewer.sock"));

  fleet.StartController();
  const std::string term = "term " + std::to_string(term_before + 1);
  ASSERT_TRUE(agent->WaitForLine(term, kLimit)) << agent->err();
  int connected = 0;
  fleet.WaitForEvent([&](const json& e) {
    if (IsKind(e, "HOST_CONNECTED")) ++connected;
    return connected == 2;
  });
  const std::set<std::string> plans_after = fleet.PlanNames();
  EXPECT_TRUE(std::includes(plans_after.begin(), plans_after.end(),
                            plans_before.begin(), plans_before.end()));
  const std::set<std::string> events_after = fleet.Events();
  EXPECT_TRUE(std::includes(events_after.begin(), events_after.end(),
                            events_before.begin(), events_before.end()));
  int starts = 0;
  for (const std::string& event : events_after) {
    if (IsKind(json::parse(event), "CONTROLLER_STARTED")) ++starts;
  }
  EXPECT_EQ(starts, 2);
  const json host = fleet.Ask({"host", "show", "host-a"});
  ExpectNothingLost(host["counters"]);
  agent->Signal(SIGTERM);
  const auto ended = agent->Wait(kLimit);
  ASSERT_TRUE(ended.ok()) << ended.status();
  EXPECT_EQ(ended->exit_code, 0);
}

// The first stays, the second is told why it may not come in, and the
// operator reads of it.
TEST(Loop, OneHostHasOneAgent) {
  Fleet fleet;
  fleet.StartController();
  const auto first = fleet.StartAgent("host-a");
  ASSERT_TRUE(first->WaitForLine("connected to the controller", kLimit));
  const auto second =
      fleet.StartAgent("host-a", {{"--state-dir", fleet.File("elsewhere")}});
  fleet.WaitForEvent([](const json& e) { return IsKind(e, "DUPLICATE_HOST"); });
  EXPECT_TRUE(second->WaitForLine("no controller", kLimit)) << second->err();
  EXPECT_EQ(second->err().find("connected to the controller"),
            std::string::npos);
}

TEST(Loop, SpeaksOverAPortTheKernelChose) {
  Fleet fleet;
  fleet.StartController({{"--insecure-loopback", "127.0.0.1:0"},
                         {"--port-file", fleet.File("port")}});
  std::string port;
  std::ifstream(fleet.File("port")) >> port;
  ASSERT_FALSE(port.empty());
  const std::string target = "127.0.0.1:" + port;
  const auto agent = fleet.StartAgent("host-a", {{"--controller", target},
                                                 {"--insecure-loopback", ""},
                                                 {"--label", "rack=7"}});
  fleet.WaitForEvent([](const json& e) { return IsKind(e, "HOST_CONNECTED"); });
  const json hosts = fleet.Ask(
      {"host", "list", "--controller", target, "--insecure-loopback"});
  ASSERT_EQ(hosts["hosts"].size(), 1u);
  EXPECT_EQ(hosts["hosts"][0]["labels"]["rack"], "7");
}

}  // namespace
}  // namespace lb::e2e
