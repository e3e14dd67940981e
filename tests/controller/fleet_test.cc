// Who may speak for which host.
#include "controller/core/fleet.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

SimulatedHost EvenHost(const std::string& name = "a") {
  return SimulatedHost(name, 2, std::vector<std::uint64_t>(64, 10'000'000));
}

TEST(Fleet, WelcomesAHostAndKeepsItsRecord) {
  ControllerHarness harness;
  const SimulatedHost host = EvenHost();
  const auto stream = harness.Connect(host);
  ASSERT_EQ(stream.link->welcomes.size(), 1U);
  EXPECT_EQ(stream.link->welcomes[0].store_id, "store-a");
  EXPECT_EQ(stream.link->welcomes[0].term, Term(1));
  ASSERT_TRUE(harness.store.hosts().contains("a"));
  const HostRecord& record = harness.store.hosts().at("a");
  EXPECT_EQ(record.layout, host.layout);
  EXPECT_EQ(record.table, host.table);
  EXPECT_EQ(record.labels.at("site"), "here");
  EXPECT_EQ(harness.store.Count(EventKind::kHostConnected), 1U);
}

TEST(Fleet, ABadHelloIsRefusedAndLeavesNothing) {
  ControllerHarness harness;
  Hello hello = EvenHost().MakeHello();
  hello.digest = Digest(1);
  const auto stream = harness.Connect(hello);
  EXPECT_EQ(stream.session, 0U);
  ASSERT_TRUE(stream.link->closed.has_value());
  EXPECT_TRUE(absl::IsInvalidArgument(*stream.link->closed));
  EXPECT_TRUE(harness.core->fleet.hosts().empty());
}

TEST(Fleet, TheSameInstanceReplacesItsStream) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  const auto first = harness.Connect(host);
  host.sequence = 0;
  const auto second = harness.Connect(host);
  ASSERT_TRUE(first.link->closed.has_value());
  EXPECT_TRUE(absl::IsAborted(*first.link->closed));
  EXPECT_FALSE(second.link->closed.has_value());
  // The old stream's last words and its end change nothing.
  harness.core->fleet.OnClosed(first.session);
  harness.Run();
  EXPECT_EQ(harness.View(host).state, HostState::kFrozen);  // no report yet
  harness.Report(host, second);
  EXPECT_TRUE(harness.View(host).report_time.has_value());
}

TEST(Fleet, AnotherInstanceIsRefusedWhileTheFirstIsThere) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  const auto first = harness.Connect(host);
  SimulatedHost twin = EvenHost();
  twin.instance_id = "a-2";
  for (int i = 0; i < 3; ++i) {
    const auto second = harness.Connect(twin);
    EXPECT_EQ(second.session, 0U);
    ASSERT_TRUE(second.link->closed.has_value());
    EXPECT_TRUE(absl::IsAlreadyExists(*second.link->closed));
    EXPECT_TRUE(second.link->welcomes.empty());
  }
  EXPECT_EQ(harness.store.Count(EventKind::kDuplicateHost), 1U);
  harness.Advance(Fleet::kDuplicateEventInterval);
  harness.Connect(twin);
  EXPECT_EQ(harness.store.Count(EventKind::kDuplicateHost), 2U);
  EXPECT_FALSE(first.link->closed.has_value());
  harness.core->fleet.OnClosed(first.session);
  EXPECT_NE(harness.Connect(twin).session, 0U);
}

struct FencedCase {
  const char* name;
  std::string store_id;
  Term term;
  Epoch epoch;
  const char* words;  // empty: not fenced
};

class FencedTest : public testing::TestWithParam<FencedCase> {};

TEST_P(FencedTest, AHostOfAnotherHistoryIsFrozenAndGetsNoPlan) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, SkewedLoads(64, 4, 2.0, 0.6));
  host.store_id = GetParam().store_id;
  host.term = GetParam().term;
  host.epoch = GetParam().epoch;
  const auto stream = harness.Connect(host);
  EXPECT_EQ(stream.link->welcomes.size(), 1U);
  const bool planned = harness.ReportUntilPlan(host, stream).has_value();
  const bool fenced = std::string_view(GetParam().words) != "";
  EXPECT_EQ(planned, !fenced);
  EXPECT_EQ(harness.store.Count(EventKind::kHostFenced), fenced ? 1U : 0U);
  if (fenced) {
    const HostView view = harness.View(host);
    EXPECT_EQ(view.state, HostState::kFrozen);
    EXPECT_THAT(view.reason, HasSubstr(GetParam().words));
    EXPECT_TRUE(harness.store.plans().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FencedTest,
    testing::Values(FencedCase{"fresh", "", Term(0), Epoch(0), ""},
                    FencedCase{"own_store", "store-a", Term(1), Epoch(0), ""},
                    FencedCase{"other_store", "store-b", Term(1), Epoch(0),
                               "came from store store-b"},
                    FencedCase{"higher_term", "store-a", Term(2), Epoch(0),
                               "has seen term 2"},
                    FencedCase{"lost_history", "store-a", Term(1), Epoch(9),
                               "has seen plan 9"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Fleet, AStreamThatBreaksTheRulesIsClosed) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  const auto stream = harness.Connect(host);
  harness.Report(host, stream);
  host.sequence = 0;
  harness.Report(host, stream);
  ASSERT_TRUE(stream.link->closed.has_value());
  EXPECT_TRUE(absl::IsInvalidArgument(*stream.link->closed));
}

TEST(Fleet, AChangedTableIsTheOneThatCounts) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  const auto stream = harness.Connect(host);
  host.table.owner[0] = ProcessorId(1);
  harness.core->fleet.OnTableChanged(
      stream.session,
      {host.table, ComputeDigest(host.table), "processor 0 stalled"});
  harness.Run();
  EXPECT_EQ(harness.View(host).digest, ComputeDigest(host.table));
  EXPECT_EQ(harness.store.hosts().at("a").table, host.table);
  EXPECT_EQ(harness.store.Count(EventKind::kTableChanged), 1U);
  harness.core->fleet.OnTableChanged(stream.session,
                                     {host.table, Digest(3), "wrong"});
  EXPECT_TRUE(stream.link->closed.has_value());
}

TEST(Fleet, KeepsWhatAgentsSayHappened) {
  ControllerHarness harness;
  const auto stream = harness.Connect(EvenHost());
  harness.core->fleet.OnAgentEvent(
      stream.session, {AgentEventKind::kInputBound, "dispatcher 0 at 0.97"});
  harness.Run();
  ASSERT_EQ(harness.store.Count(EventKind::kAgentInputBound), 1U);
  EXPECT_EQ(harness.store.events().back().message, "dispatcher 0 at 0.97");
}

TEST(Fleet, TooManyEventsOfAnAgentAreCounted) {
  ControllerHarness harness;
  const auto stream = harness.Connect(EvenHost());
  const auto say = [&] {
    harness.core->fleet.OnAgentEvent(stream.session,
                                     {AgentEventKind::kStall, "stalled"});
    harness.Run();
  };
  for (int i = 0; i < 25; ++i) say();
  EXPECT_EQ(harness.store.Count(EventKind::kAgentStall), 10U);
  harness.Advance(seconds(1));
  say();
  EXPECT_EQ(harness.store.Count(EventKind::kAgentStall), 11U);
  EXPECT_THAT(harness.store.events().back().message, HasSubstr("15 events"));
}

TEST(Fleet, TablesThatChangeTooOftenAreSavedNowAndThen) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 25; ++i) {
    host.table.owner[0] = ProcessorId(i % 2 == 0 ? 1 : 0);
    harness.core->fleet.OnTableChanged(
        stream.session,
        {host.table, ComputeDigest(host.table), "processor 0 stalled"});
    harness.Run();
  }
  EXPECT_EQ(harness.View(host).digest, ComputeDigest(host.table));
  EXPECT_EQ(harness.store.Count(EventKind::kTableChanged), 10U);
  EXPECT_EQ(harness.store.events().back().message, "processor 0 stalled");
  EXPECT_NE(harness.store.hosts().at("a").table, host.table);
  harness.Advance(Fleet::kTick);
  EXPECT_EQ(harness.store.hosts().at("a").table, host.table);
  EXPECT_EQ(harness.store.Count(EventKind::kTableChanged), 11U);
  EXPECT_THAT(harness.store.events().back().message,
              HasSubstr("the last of 15 changes"));
}

// A plan's epoch, table and moves rest on it.
TEST(Fleet, AHostThatCouldNotBeSavedIsSavedWithItsNextPlan) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  harness.Connect(host);
  const auto send = [&] {
    Host& known = *harness.core->fleet.FindHost("a");
    PlanRecord plan;
    plan.host = "a";
    plan.term = Term(1);
    plan.base = known.digest;
    plan.table = host.table;
    plan.digest = known.digest;
    harness.core->fleet.plans().Send(known, plan);
  };
  const auto saved = [&] { return harness.store.hosts().at("a").table; };
  host.table.owner[0] = ProcessorId(1);
  harness.store.FailCommits(absl::UnavailableError("disk full"));
  harness.Connect(host);
  harness.store.Heal();
  EXPECT_NE(saved(), host.table);
  send();
  harness.Run();
  EXPECT_EQ(saved(), host.table);
}

// The same where the failure is known only after the plan is on its way.
TEST(Fleet, AHostThatIsBeingSavedIsSavedWithItsNextPlan) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  harness.Connect(host);
  host.table.owner[0] = ProcessorId(1);
  harness.store.Hold();
  harness.Connect(host);
  Host& known = *harness.core->fleet.FindHost("a");
  PlanRecord plan;
  plan.host = "a";
  plan.term = Term(1);
  plan.base = plan.digest = known.digest;
  plan.table = host.table;
  harness.core->fleet.plans().Send(known, plan);
  harness.store.FailCommits(absl::UnavailableError("disk full"));
  harness.store.ReleaseFirst(1);
  harness.store.Heal();
  harness.store.Release();
  harness.Run();
  EXPECT_EQ(harness.store.plans().size(), 1U);
  EXPECT_EQ(harness.store.hosts().at("a").table, host.table);
}

TEST(Fleet, AnswersGoToWhoAskedForThem) {
  ControllerHarness harness;
  SimulatedHost host = EvenHost();
  Hello hello = host.MakeHello();
  hello.features = {"query"};
  const auto stream = harness.Connect(hello);
  HostSession* session = harness.core->fleet.SessionOf("a");
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(session->Has(kQueryFeature));
  EXPECT_FALSE(session->Has(kDrainFeature));
  EXPECT_EQ(harness.core->fleet.SessionOf("b"), nullptr);
  std::string from;
  harness.core->fleet.set_on_answer(
      [&](const std::string& name, const Answer& answer) {
        from = name + ": " + answer.error;
      });
  Answer answer;
  answer.error = "none";
  harness.core->fleet.OnAnswer(stream.session, answer);
  EXPECT_EQ(from, "a: none");
}

TEST(Fleet, WhatTheStoreCouldNotKeepIsTriedAgain) {
  ControllerHarness harness;
  harness.store.FailCommits(absl::UnavailableError("disk full"));
  const SimulatedHost host = EvenHost();
  harness.Connect(host);
  EXPECT_FALSE(harness.store.hosts().contains("a"));
  harness.store.Heal();
  for (int i = 0; i < 3; ++i) harness.Advance(Fleet::kTick);
  EXPECT_EQ(harness.store.hosts().at("a").table, host.table);
}

// Hosts whose agents refuse every plan.
class RefusalsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 8; ++i) {
      hosts_.emplace_back(absl::StrCat("h", i), 4, SkewedLoads(64, 4, 2, 0.6));
      streams_.push_back(harness_.Connect(hosts_.back()));
    }
  }
  // A second of everybody's life.
  void Live() {
    harness_.Advance(seconds(1));
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      harness_.core->fleet.OnReport(
          streams_[i].session,
          hosts_[i].MakeReport(
              std::chrono::nanoseconds(
                  harness_.clock.Monotonic().time_since_epoch()),
              seconds(1)));
      harness_.Run();
    }
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      const auto& plans = streams_[i].link->plans;
      if (plans.size() == answered_[i]) continue;
      answered_[i] = plans.size();
      harness_.core->fleet.OnPlanResult(streams_[i].session,
                                        hosts_[i].Reject(plans.back(), "no"));
      harness_.Run();
    }
  }
  std::size_t Planned() const {
    std::size_t planned = 0;
    for (const auto& stream : streams_) planned += stream.link->plans.size();
    return planned;
  }

  ControllerHarness harness_;
  std::vector<SimulatedHost> hosts_;
  std::vector<ControllerHarness::Stream> streams_;
  std::map<std::size_t, std::size_t> answered_;
};

TEST_F(RefusalsTest, WhenPlansGoWrongOnThreeHostsTheFleetIsHalted) {
  for (int i = 0; i < 40; ++i) Live();
  EXPECT_EQ(Planned(), 3U);
  EXPECT_EQ(harness_.store.Count(EventKind::kBalanceHalted), 1U);
  ASSERT_TRUE(harness_.core->fleet.pause().has_value());
  EXPECT_EQ(harness_.core->fleet.pause()->author, "controller");
  EXPECT_THAT(harness_.View(hosts_[7]).reason,
              HasSubstr("PAUSED: by controller: plans were rejected"));
  // Also after a restart, until somebody lets it go on.
  harness_.Restart();
  ASSERT_TRUE(harness_.core->fleet.pause().has_value());
  answered_.clear();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    hosts_[i].sequence = 0;
    streams_[i] = harness_.Connect(hosts_[i]);
  }
  for (int i = 0; i < 20; ++i) Live();
  EXPECT_EQ(Planned(), 0U);
  Call call;
  call.caller = {"user/alice", Role::kOperator};
  harness_.core->commands.ResumeBalance(call, "hosts/-", [](const auto&) {});
  harness_.Run();
  for (int i = 0; i < 20; ++i) Live();
  EXPECT_GT(Planned(), 0U);
}

// Whether the fleet was halted after three hosts were planned, and a bucket was
// worth `after` from then on, by its owners before the plan and since.
bool HaltedIfLoadsBecome(
    const std::function<std::uint64_t(ProcessorId, ProcessorId)>& after) {
  ControllerHarness harness;
  for (int i = 0; i < 3; ++i) {
    SimulatedHost host(absl::StrCat("h", i), 4, SkewedLoads(64, 4, 2, 0.6));
    const auto stream = harness.Connect(host);
    const Table before = host.table;
    const std::size_t first = harness.store.plans().size();
    EXPECT_TRUE(harness.ReportUntilPlan(host, stream));
    EXPECT_TRUE(harness.ApplyPlan(host, stream));
    for (std::size_t b = 0; b < host.loads.size(); ++b) {
      host.loads[b] = after(before.owner[b], host.table.owner[b]);
    }
    for (int n = 0; n < 2; ++n) harness.Report(host, stream);
    const PlanRecord& plan = harness.store.plans().at(first);
    EXPECT_EQ(plan.state, PlanState::kMeasured);
    EXPECT_GT(plan.imbalance_achieved, plan.imbalance_before);
  }
  for (int i = 0; i < 3; ++i) harness.Advance(Fleet::kTick);
  return harness.core->fleet.pause().has_value();
}

TEST(Fleet, IsHaltedIfPlansMadeItWorse) {
  // Much for those who were given buckets, nothing for who gave them.
  EXPECT_TRUE(HaltedIfLoadsBecome([](ProcessorId, ProcessorId now) {
    return now == ProcessorId(1) ? 50'000'000 : 1'000;
  }));
}

TEST(Fleet, IsNotHaltedIfLoadsChanged) {
  // The same, but of buckets that no plan has touched.
  EXPECT_FALSE(HaltedIfLoadsBecome([](ProcessorId before, ProcessorId now) {
    return before == now && now == ProcessorId(1) ? 50'000'000 : 1'000;
  }));
}

TEST(Fleet, HostsAreThereAgainAfterARestart) {
  ControllerHarness harness;
  const SimulatedHost host = EvenHost();
  harness.Connect(host);
  harness.Restart();
  const HostView view = harness.View(host);
  EXPECT_EQ(view.state, HostState::kDisconnected);
  EXPECT_EQ(view.record.table, host.table);
  EXPECT_EQ(harness.Connect(host).link->welcomes.at(0).term, Term(2));
}

TEST(Fleet, AChangedPolicyIsStoredAndSentToAgents) {
  balance::Policy policy;
  policy.trigger_permille = 1'200;
  ControllerHarness harness(policy);
  const auto stream = harness.Connect(EvenHost());
  EXPECT_EQ(stream.link->welcomes[0].policy.revision, 1U);
  EXPECT_EQ(stream.link->welcomes[0].policy.policy, policy);
  // The same policy again is no change.
  harness.Restart();
  EXPECT_EQ(harness.store.Count(EventKind::kPolicyChanged), 1U);
  const auto again = harness.Connect(EvenHost());
  policy.fair_queue_quantum = std::chrono::microseconds(20);
  policy.fair_queue_limit = 3'000;
  absl::Status changed = absl::UnknownError("");
  harness.core->fleet.ChangePolicy(policy,
                                   [&](absl::Status s) { changed = s; });
  harness.Run();
  ASSERT_TRUE(changed.ok()) << changed;
  ASSERT_EQ(again.link->policies.size(), 1U);
  EXPECT_EQ(again.link->policies[0].revision, 2U);
  EXPECT_EQ(again.link->policies[0].policy, policy);
  EXPECT_THAT(harness.store.events().back().message,
              HasSubstr("fair queue quantum 20 us, limit 3000 packets"));
}

TEST(Fleet, APolicyWithAPlannerForComparisonIsRefused) {
  ControllerHarness harness;
  balance::Policy policy;
  policy.planner = balance::PlannerKind::kRsspp;
  absl::Status changed;
  harness.core->fleet.ChangePolicy(policy,
                                   [&](absl::Status s) { changed = s; });
  EXPECT_TRUE(absl::IsInvalidArgument(changed)) << changed;
  EXPECT_EQ(harness.store.Count(EventKind::kPolicyChanged), 0U);
}

TEST(Fleet, ClosingAsksEveryAgentToComeBack) {
  ControllerHarness harness;
  const auto a = harness.Connect(EvenHost("a"));
  const auto b = harness.Connect(EvenHost("b"));
  harness.core->fleet.CloseAll({"stopping", seconds(1)});
  for (const auto& stream : {a, b}) {
    ASSERT_EQ(stream.link->go_aways.size(), 1U);
    EXPECT_TRUE(stream.link->closed.has_value());
  }
}

}  // namespace
}  // namespace lb::controller
