// A controller on a copy of its store: what agents have seen since the copy was
// made is not known there.
#include <signal.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/fleet.h"

namespace lb::e2e {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr int kExitConflict = 5;
constexpr char kRestored[] = "the store is: restored from a backup of ";

// Terms of all plans that were sent, by their names.
using Terms = std::map<std::string, std::uint64_t>;

class RestoreTest : public testing::Test {
 protected:
  // Nothing is planned that nobody asked for.
  RestoreTest() {
    std::ofstream(fleet_.File("policy.yaml"), std::ios::app) << "mode: off\n";
  }

  void StartAgent(const std::string& host) {
    agents_[host] = fleet_.StartAgent(host);
  }
  void StartOnCopy() { fleet_.StartController({{"--data-dir", Copy()}}); }
  std::string Copy() const { return fleet_.File("copy"); }

  // Until all agents have connected since that term began.
  void WaitForAgents(std::uint64_t term) {
    bool begun = false;
    std::set<std::string> connected;
    fleet_.WaitForEvent([&](const json& event) {
      const std::string message = event.value("message", "");
      begun = begun || message.starts_with("term " + std::to_string(term));
      if (begun && IsKind(event, "HOST_CONNECTED")) {
        connected.insert(event.value("host", ""));
      }
      return connected.size() == agents_.size();
    });
  }
  void WaitUntilApplied(const std::string& plan) {
    fleet_.WaitForEvent([&](const json& event) {
      return IsKind(event, "PLAN_APPLIED") &&
             event.value("message", "").starts_with(plan + ": ");
    });
  }

  void Do(const std::vector<std::string>& arguments) {
    const Ended ended = fleet_.Lbctl(arguments);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
  }
  void ExpectRefused(const std::vector<std::string>& arguments,
                     const std::string& words) {
    const Ended ended = fleet_.Lbctl(arguments);
    EXPECT_EQ(ended.exit_code, kExitConflict) << ended.err;
    EXPECT_THAT(ended.err, MatchesRegex("lbctl: error: [^\n]*\n"));
    EXPECT_THAT(ended.err, HasSubstr(words));
  }

  json Status() { return fleet_.Ask({"controller", "status"}); }
  json Host(const std::string& host) {
    return fleet_.Ask({"host", "show", host});
  }
  Terms SentPlans() {
    Terms terms;
    const json answer = fleet_.Ask({"plan", "list", "--limit", "0"});
    for (const json& plan : answer["plans"]) {
      if (Number(plan["epoch"]) == 0) continue;
      terms[plan.value("name", "")] = Number(plan["term"]);
    }
    return terms;
  }
  bool HoldsBuckets(const std::string& host, int processor) {
    const json owners = Host(host)["table"]["owner"];
    return std::find(owners.begin(), owners.end(), processor) != owners.end();
  }

  void ExpectFenced(const std::string& host, const std::string& why) {
    const json shown = Host(host);
    EXPECT_EQ(shown["state"], "HOST_STATE_FROZEN");
    EXPECT_THAT(shown.value("reason", ""), StartsWith("FENCED: " + why));
    ExpectRefused({"plan", "propose", host},
                  "host " + host + " is fenced: " + why);
  }
  // While three reports come: no plan, and the agent serves on by the table
  // that it had.
  void ExpectLeftAlone(const std::string& host, const json& before) {
    const Terms plans = SentPlans();
    fleet_.WaitForReports(host, 3);
    EXPECT_EQ(SentPlans(), plans);
    const json after = Host(host);
    EXPECT_TRUE(after["digest"] == before["digest"] || TookOver(host));
    EXPECT_GT(Number(after["counters"]["served"]),
              Number(before["counters"]["served"]));
    ExpectNothingLost(after["counters"]);
  }
  // Whether the agent changed its table itself, as where a processor gets no
  // CPU for a second.
  bool TookOver(const std::string& host) {
    const std::set<std::string> events = fleet_.Events();
    return std::any_of(events.begin(), events.end(),
                       [&host](const std::string& text) {
                         const json event = json::parse(text, nullptr, false);
                         return IsKind(event, "TABLE_CHANGED") &&
                                event.value("host", "") == host;
                       });
  }
  // No agent was ever sent a plan that it had to refuse.
  void StopAgents() {
    for (const auto& [host, agent] : agents_) {
      agent->Signal(SIGTERM);
      const auto ended = agent->Wait(kLimit);
      ASSERT_TRUE(ended.ok()) << ended.status();
      EXPECT_EQ(ended->exit_code, 0);
      EXPECT_THAT(ended->err, Not(HasSubstr("rejected")));
    }
  }

  Fleet fleet_;
  std::map<std::string, std::unique_ptr<Process>> agents_;
};

TEST_F(RestoreTest, ABackupPlansNothingUntilItIsAdopted) {
  fleet_.StartController();
  StartAgent("host-a");
  StartAgent("host-b");
  WaitForAgents(1);
  Do({"processor", "drain", "host-a", "3"});
  WaitUntilApplied("hosts/host-a/plans/1");
  fleet_.WaitForReports("host-b", 2);
  const json proposed = fleet_.Ask({"plan", "propose", "host-b"});
  ASSERT_TRUE(proposed.contains("plan")) << proposed;
  const std::string proposal = proposed["plan"].value("name", "");
  const json head = Status();
  Do({"backup", Copy()});

  // What the copy knows nothing of: two more terms, and a plan.
  fleet_.StopController();
  fleet_.StartController();
  fleet_.StopController();
  fleet_.StartController();
  WaitForAgents(3);
  Do({"processor", "drain", "host-a", "2"});
  WaitUntilApplied("hosts/host-a/plans/2");
  EXPECT_EQ(SentPlans(),
            (Terms{{"hosts/host-a/plans/1", 1}, {"hosts/host-a/plans/2", 3}}));
  std::map<std::string, json> before;
  for (const auto& [host, agent] : agents_) {
    fleet_.WaitForReports(host, 1);
    before[host] = Host(host);
  }
  fleet_.StopController();

  StartOnCopy();
  WaitForAgents(2);
  const json fenced = Status();
  EXPECT_EQ(fenced["state"], "CONTROLLER_STATE_FENCED");
  EXPECT_THAT(fenced.value("reason", ""), StartsWith("restored from a backup"));
  EXPECT_EQ(fenced["fenced_hosts"], 2);
  for (const auto& [host, agent] : agents_) ExpectFenced(host, kRestored);
  const json list = fleet_.Ask({"host", "list"});
  for (const json& host : list["hosts"]) {
    EXPECT_EQ(host["state"], "HOST_STATE_FROZEN");
    EXPECT_THAT(host.value("reason", ""), StartsWith("FENCED: "));
  }
  ExpectRefused({"plan", "apply", proposal}, "host host-b is fenced: ");
  ExpectRefused({"plan", "rollback", "host-a/1", "--yes"},
                "host host-a is fenced: ");
  // A wish is kept, and waits.
  Do({"processor", "drain", "host-a", "1"});
  for (const auto& [host, agent] : agents_) ExpectLeftAlone(host, before[host]);
  EXPECT_TRUE(HoldsBuckets("host-a", 1));

  // Above term 3, which host-a has seen and the store has not.
  const std::vector<std::string> adopt = {"controller", "adopt", "--yes",
                                          "--reason", "the disk failed"};
  EXPECT_EQ(Number(fleet_.Ask(adopt)["term"]), 4u);
  WaitForAgents(4);
  const json active = Status();
  EXPECT_EQ(active["state"], "CONTROLLER_STATE_ACTIVE");
  EXPECT_EQ(active["fenced_hosts"], 0);
  EXPECT_EQ(Number(active["term"]), 4u);
  ExpectRefused(adopt, "nothing is fenced");
  WaitUntilApplied("hosts/host-a/plans/3");
  EXPECT_FALSE(HoldsBuckets("host-a", 1));
  Do({"plan", "apply", proposal});
  WaitUntilApplied("hosts/host-b/plans/1");
  EXPECT_EQ(SentPlans(), (Terms{{"hosts/host-a/plans/1", 1},
                                {"hosts/host-a/plans/3", 4},
                                {"hosts/host-b/plans/1", 4}}));

  Do({"audit", "verify", "--head",
      std::to_string(Number(head["audit_sequence"])) + ":" +
          head.value("audit_hash", "")});
  int adopted = 0;
  const json audit = fleet_.Ask({"audit", "list", "--limit", "0"});
  for (const json& record : audit["records"]) {
    if (record["method"] != "lb.v1.ControllerService/Adopt" ||
        record["outcome"] != "OK") {
      continue;
    }
    ++adopted;
    EXPECT_EQ(record["before"], R"({"term":2})");
    EXPECT_EQ(record["after"], R"({"term":4})");
    EXPECT_EQ(record["reason"], "the disk failed");
  }
  EXPECT_EQ(adopted, 1);
  StopAgents();
}

TEST_F(RestoreTest, TheOriginalCommandsNoHostThatItsCopyHasPlanned) {
  fleet_.StartController();
  StartAgent("host-a");
  WaitForAgents(1);
  Do({"processor", "drain", "host-a", "3"});
  WaitUntilApplied("hosts/host-a/plans/1");
  Do({"backup", Copy()});
  fleet_.StopController();

  StartOnCopy();
  WaitForAgents(2);
  Do({"controller", "adopt", "--yes"});
  WaitForAgents(3);
  Do({"processor", "drain", "host-a", "2"});
  WaitUntilApplied("hosts/host-a/plans/2");
  fleet_.WaitForReports("host-a", 1);
  const json before = Host("host-a");
  EXPECT_EQ(Number(before["term"]), 3u);
  fleet_.StopController();

  fleet_.StartController();
  WaitForAgents(2);
  EXPECT_EQ(Status()["fenced_hosts"], 1);
  ExpectFenced("host-a", "it has seen term 3, this controller has term 2");
  Do({"processor", "drain", "host-a", "1"});
  ExpectLeftAlone("host-a", before);
  EXPECT_EQ(SentPlans(), (Terms{{"hosts/host-a/plans/1", 1}}));
  StopAgents();
}

}  // namespace
}  // namespace lb::e2e
