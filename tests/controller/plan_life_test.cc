// A plan's life: committed before it is sent, one in flight, answered, lost
// and found again.
#include <algorithm>
#include <functional>

#include "controller/core/decision_inputs.h"
#include "controller/core/planner_inputs.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

SimulatedHost SkewedHost(const std::string& name = "a") {
  return SimulatedHost(name, 4, SkewedLoads(256, 4, 2.0, 0.6));
}

class PlanLifeTest : public testing::Test {
 protected:
  // Connects and reports until a plan is under way.
  PlanCommand FirstPlan() {
    stream_ = harness_.Connect(host_);
    return harness_.ReportUntilPlan(host_, stream_).value();
  }
  const PlanRecord& Stored(std::size_t index = 0) const {
    return harness_.store.plans().at(index);
  }
  void Answer(const PlanResult& result) {
    harness_.core->fleet.OnPlanResult(stream_.session, result);
    harness_.Run();
  }
  void Lose() {
    harness_.core->fleet.OnClosed(stream_.session);
    harness_.Run();
  }

  ControllerHarness harness_;
  SimulatedHost host_ = SkewedHost();
  ControllerHarness::Stream stream_;
};

TEST_F(PlanLifeTest, IsCompleteAndStoredWithAllThatItRestsOn) {
  const PlanCommand command = FirstPlan();
  EXPECT_EQ(command.plan.host, "a");
  EXPECT_EQ(command.plan.store_id, "store-a");
  EXPECT_EQ(command.plan.term, Term(1));
  EXPECT_EQ(command.plan.epoch, Epoch(1));
  EXPECT_EQ(command.plan.base, ComputeDigest(host_.table));
  EXPECT_TRUE(ValidateTable(command.plan.table, host_.layout).ok());
  EXPECT_GT(command.deadline.count(), 0);
  const PlanRecord& plan = Stored();
  EXPECT_EQ(plan.state, PlanState::kSent);
  EXPECT_EQ(plan.epoch, Epoch(1));
  EXPECT_EQ(plan.author, "balancer");
  EXPECT_EQ(plan.table, command.plan.table);
  EXPECT_FALSE(plan.inputs.bytes.empty());
  EXPECT_EQ(plan.indexes.size(), 4U);
  EXPECT_EQ(plan.quotas.size(), 4U);
  EXPECT_GT(plan.imbalance_before, 1.5);
  EXPECT_LT(plan.imbalance_predicted, plan.imbalance_before);
  std::vector<Move> moves;
  for (const MoveRecord& move : plan.moves) {
    EXPECT_FALSE(move.reason.empty());
    moves.push_back(move.move);
  }
  EXPECT_THAT(moves, testing::UnorderedElementsAreArray(
                         DeriveMoves(host_.table, command.plan.table)));
}

TEST_F(PlanLifeTest, NothingIsSentBeforeItIsCommitted) {
  stream_ = harness_.Connect(host_);
  harness_.store.Hold();
  for (int i = 0; i < 20; ++i) harness_.Report(host_, stream_);
  EXPECT_TRUE(stream_.link->plans.empty());
  harness_.store.Release();
  harness_.Run();
  // One, although twenty reports asked for it.
  EXPECT_EQ(stream_.link->plans.size(), 1U);
  EXPECT_EQ(harness_.store.plans().size(), 1U);
}

TEST_F(PlanLifeTest, AResultBeforeThePlanIsNoAnswerToIt) {
  stream_ = harness_.Connect(host_);
  harness_.store.Hold();
  for (int i = 0; i < 20; ++i) harness_.Report(host_, stream_);
  PlanResult guess;
  guess.term = Term(1);
  guess.epoch = Epoch(1);
  Answer(guess);
  harness_.store.Release();
  harness_.Run();
  EXPECT_EQ(Stored().state, PlanState::kSent);
  EXPECT_TRUE(stream_.link->acks.empty());
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(harness_.store.Count(EventKind::kPlanApplied), 1U);
  EXPECT_THAT(stream_.link->acks, ElementsAre(Pair(Term(1), Epoch(1))));
}

TEST_F(PlanLifeTest, ACommitThatFailsSendsNothingAndHeals) {
  stream_ = harness_.Connect(host_);
  harness_.store.FailCommits(absl::UnavailableError("disk full"));
  for (int i = 0; i < 20; ++i) harness_.Report(host_, stream_);
  EXPECT_TRUE(stream_.link->plans.empty());
  EXPECT_EQ(harness_.View(host_).state, HostState::kFrozen);
  EXPECT_THAT(harness_.View(host_).reason, HasSubstr("STORE_UNAVAILABLE"));
  harness_.store.Heal();
  EXPECT_TRUE(harness_.ReportUntilPlan(host_, stream_, 2).has_value());
}

TEST_F(PlanLifeTest, ATableThatChangedDuringTheCommitSupersedesThePlan) {
  stream_ = harness_.Connect(host_);
  harness_.store.Hold();
  for (int i = 0; i < 10; ++i) harness_.Report(host_, stream_);
  host_.table.owner[0] = ProcessorId(3);
  harness_.core->fleet.OnTableChanged(
      stream_.session, {host_.table, ComputeDigest(host_.table), "takeover"});
  harness_.store.Release();
  harness_.Run();
  EXPECT_TRUE(stream_.link->plans.empty());
  ASSERT_EQ(harness_.store.plans().size(), 1U);
  EXPECT_EQ(Stored().state, PlanState::kSuperseded);
}

TEST_F(PlanLifeTest, AStreamThatEndedDuringTheCommitSupersedesThePlan) {
  stream_ = harness_.Connect(host_);
  harness_.store.Hold();
  for (int i = 0; i < 10; ++i) harness_.Report(host_, stream_);
  Lose();
  harness_.store.Release();
  harness_.Run();
  EXPECT_TRUE(stream_.link->plans.empty());
  EXPECT_EQ(Stored().state, PlanState::kSuperseded);
}

TEST_F(PlanLifeTest, OneIsInFlightUntilItIsAnswered) {
  const PlanCommand command = FirstPlan();
  for (int i = 0; i < 10; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(stream_.link->plans.size(), 1U);
  EXPECT_TRUE(harness_.core->fleet.hosts().at("a")->dirty);
  EXPECT_THAT(harness_.View(host_).reason, HasSubstr("PLAN_IN_FLIGHT"));
  Answer(host_.Apply(command));
  EXPECT_FALSE(harness_.core->fleet.hosts().at("a")->dirty);
}

TEST_F(PlanLifeTest, AppliedIsRecordedAcknowledgedAndMeasured) {
  const PlanCommand command = FirstPlan();
  PlanResult result = host_.Apply(command);
  result.counters.reordered = 2;
  Answer(result);
  EXPECT_THAT(stream_.link->acks, ElementsAre(Pair(Term(1), Epoch(1))));
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(Stored().cost->reordered, 2U);
  EXPECT_EQ(Stored().max_pause, std::chrono::microseconds(200));
  for (const MoveRecord& move : Stored().moves) {
    EXPECT_EQ(move.outcome, MoveOutcome::kMoved);
  }
  EXPECT_FALSE(Stored().imbalance_achieved.has_value());
  const HostRecord record = harness_.View(host_).record;
  EXPECT_EQ(record.epoch, Epoch(1));
  EXPECT_EQ(record.plan_count, 1U);
  EXPECT_EQ(record.move_count, Stored().moves.size());
  harness_.Report(host_, stream_);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  harness_.Report(host_, stream_);
  EXPECT_EQ(Stored().state, PlanState::kMeasured);
  EXPECT_NEAR(*Stored().imbalance_achieved, host_.TrueImbalance(), 0.001);
}

TEST_F(PlanLifeTest, LoadsOfAnySizeAreMeasured) {
  FirstPlan();
  ASSERT_TRUE(harness_.ApplyPlan(host_, stream_));
  // Every processor is full; with its loads, which come to more than a clock
  // can count, a bucket that moved fills the one it came from once more.
  host_.loads.assign(host_.loads.size(), 900'000'000'000'000);
  for (int i = 0; i < 2; ++i) {
    harness_.Report(host_, stream_, std::chrono::hours(3));
  }
  EXPECT_EQ(Stored().state, PlanState::kMeasured);
  const auto& events = harness_.store.events();
  const auto measured = std::find_if(
      events.begin(), events.end(),
      [](const Event& e) { return e.kind == EventKind::kPlanMeasured; });
  ASSERT_NE(measured, events.end());
  EXPECT_THAT(measured->message, HasSubstr(" 1.000 achieved"));
  EXPECT_THAT(measured->message, Not(HasSubstr(" 1.000 had no bucket moved")));
}

TEST_F(PlanLifeTest, AReportOfTheOldTableMeasuresNothing) {
  const PlanCommand command = FirstPlan();
  SimulatedHost before = host_;
  Answer(host_.Apply(command));
  before.sequence = host_.sequence;
  for (int i = 0; i < 5; ++i) harness_.Report(before, stream_);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_THAT(harness_.View(host_).reason, HasSubstr("OTHER_TABLE"));
}

TEST_F(PlanLifeTest, PartialKeepsWhatReallyMoved) {
  const PlanCommand command = FirstPlan();
  Answer(host_.ApplyPartly(command, 3));
  EXPECT_EQ(Stored().state, PlanState::kPartial);
  EXPECT_EQ(harness_.View(host_).digest, ComputeDigest(host_.table));
  EXPECT_EQ(harness_.View(host_).record.move_count, 3U);
  EXPECT_FALSE(stream_.link->closed.has_value());
}

// It would be out of every array's bounds.
TEST_F(PlanLifeTest, AProcessorThatTheHostDoesNotHaveIsNotBelieved) {
  const PlanCommand command = FirstPlan();
  PlanResult result = host_.ApplyPartly(command, 3);
  Table impossible = host_.table;
  for (MoveResult& move : result.moves) {
    move.move.to = ProcessorId(900);
    impossible.owner[move.move.bucket.index()] = ProcessorId(900);
  }
  result.digest = ComputeDigest(impossible);
  const Table before = harness_.View(host_).record.table;
  Answer(result);
  EXPECT_EQ(harness_.View(host_).record.table, before);
  EXPECT_EQ(stream_.link->go_aways.size(), 1U);
  EXPECT_TRUE(stream_.link->closed.has_value());
}

TEST_F(PlanLifeTest, ATableThatCannotBeKnownIsAskedForWithANewHello) {
  const PlanCommand command = FirstPlan();
  PlanResult result = host_.Apply(command);
  result.digest = Digest(99);
  Answer(result);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(stream_.link->acks.size(), 1U);
  EXPECT_EQ(stream_.link->go_aways.size(), 1U);
  EXPECT_TRUE(stream_.link->closed.has_value());
}

TEST_F(PlanLifeTest, RejectedIsNotSentAgainAndOthersWait) {
  const PlanCommand command = FirstPlan();
  Answer(host_.Reject(command, "no"));
  EXPECT_EQ(Stored().state, PlanState::kRejected);
  EXPECT_EQ(Stored().rejection, "no");
  EXPECT_THAT(stream_.link->acks, ElementsAre(Pair(Term(1), Epoch(1))));
  // No plan for the cooldown, and not this one for the return time: the same
  // loads give the same plan.
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 9).has_value());
  EXPECT_THAT(harness_.View(host_).reason, HasSubstr("LAST_PLAN_REJECTED"));
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 50).has_value());
  EXPECT_THAT(harness_.View(host_).reason, HasSubstr("this very plan"));
  const auto again = harness_.ReportUntilPlan(host_, stream_, 2);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->plan.epoch, Epoch(2));
  EXPECT_EQ(again->plan.table, command.plan.table);
}

// Nothing is wrong with it.
TEST_F(PlanLifeTest, ExpiredIsPlannedAnewAtOnce) {
  const PlanCommand command = FirstPlan();
  PlanResult result = host_.Reject(command, "it came too late");
  result.expired = true;
  Answer(result);
  EXPECT_EQ(Stored().state, PlanState::kExpired);
  EXPECT_EQ(Stored().rejection, "it came too late");
  EXPECT_EQ(harness_.store.Count(EventKind::kPlanExpired), 1U);
  EXPECT_THAT(stream_.link->acks, ElementsAre(Pair(Term(1), Epoch(1))));
  const auto again = harness_.ReportUntilPlan(host_, stream_, 2);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->plan.epoch, Epoch(2));
  EXPECT_EQ(again->plan.table, command.plan.table);
}

TEST_F(PlanLifeTest, AfterARejectionAnotherPlanWaitsForTheCooldownOnly) {
  const PlanCommand command = FirstPlan();
  Answer(host_.Reject(command, "no"));
  std::reverse(host_.loads.begin(), host_.loads.end());
  EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 9).has_value());
  const auto other = harness_.ReportUntilPlan(host_, stream_, 20);
  ASSERT_TRUE(other.has_value());
  EXPECT_NE(other->plan.table, command.plan.table);
}

TEST_F(PlanLifeTest, AResultIsAcknowledgedOnlyOnceItIsDurable) {
  const PlanCommand command = FirstPlan();
  harness_.store.FailCommits(absl::UnavailableError("disk full"));
  Answer(host_.Apply(command));
  EXPECT_TRUE(stream_.link->acks.empty());
  EXPECT_EQ(Stored().state, PlanState::kSent);
  harness_.store.Heal();
  harness_.Advance(2 * Fleet::kTick);
  EXPECT_EQ(stream_.link->acks.size(), 1U);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
}

TEST_F(PlanLifeTest, AResultThatIsSaidAgainIsAcknowledgedAgain) {
  const PlanCommand command = FirstPlan();
  const PlanResult result = host_.Apply(command);
  Answer(result);
  Answer(result);
  EXPECT_EQ(stream_.link->acks.size(), 2U);
  EXPECT_EQ(harness_.store.Count(EventKind::kPlanApplied), 1U);
}

TEST_F(PlanLifeTest, AnAgentThatDoesNotAnswerIsAskedForANewHello) {
  FirstPlan();
  for (int i = 0; i < 14; ++i) harness_.Report(host_, stream_);
  EXPECT_TRUE(stream_.link->go_aways.empty());
  for (int i = 0; i < 3; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(stream_.link->go_aways.size(), 1U);
  EXPECT_TRUE(stream_.link->closed.has_value());
}

struct Reconnect {
  const char* name;
  // What the agent did with the plan, and what its next hello says of it.
  std::function<void(SimulatedHost&, const PlanCommand&, Hello&)> tell;
  seconds later;
  PlanState state;
  bool acknowledged;
};

class ReconnectTest : public PlanLifeTest,
                      public testing::WithParamInterface<Reconnect> {
 protected:
  void Return(const PlanCommand& command) {
    harness_.Advance(GetParam().later);
    Hello hello;
    GetParam().tell(host_, command, hello);
    const std::optional<PlanResult> result = hello.last_result;
    const Epoch applying = hello.applying_epoch;
    hello = host_.MakeHello();
    hello.last_result = result;
    hello.applying_epoch = applying;
    stream_ = harness_.Connect(hello);
  }
};

TEST_P(ReconnectTest, TheNextHelloTellsWhatBecameOfThePlan) {
  const PlanCommand command = FirstPlan();
  Lose();
  EXPECT_EQ(Stored().state, PlanState::kUnknown);
  Return(command);
  EXPECT_EQ(Stored().state, GetParam().state);
  EXPECT_EQ(stream_.link->acks.size(), GetParam().acknowledged ? 1U : 0U);
  EXPECT_EQ(harness_.View(host_).digest, ComputeDigest(host_.table));
}

TEST_P(ReconnectTest, AlsoToAControllerThatWasKilledMeanwhile) {
  const PlanCommand command = FirstPlan();
  harness_.Restart();
  EXPECT_EQ(Stored().state, PlanState::kUnknown);
  Return(command);
  EXPECT_EQ(Stored().state, GetParam().state);
  EXPECT_EQ(stream_.link->acks.size(), GetParam().acknowledged ? 1U : 0U);
  EXPECT_EQ(stream_.link->welcomes.at(0).term, Term(2));
}

INSTANTIATE_TEST_SUITE_P(
    All, ReconnectTest,
    testing::Values(
        Reconnect{"applied",
                  [](SimulatedHost& host, const PlanCommand& command,
                     Hello& hello) { hello.last_result = host.Apply(command); },
                  seconds(1), PlanState::kApplied, true},
        Reconnect{
            "partial",
            [](SimulatedHost& host, const PlanCommand& command, Hello& hello) {
              hello.last_result = host.ApplyPartly(command, 1);
            },
            seconds(1), PlanState::kPartial, true},
        Reconnect{
            "rejected",
            [](SimulatedHost& host, const PlanCommand& command, Hello& hello) {
              hello.last_result = host.Reject(command, "busy");
            },
            seconds(1), PlanState::kRejected, true},
        Reconnect{"never_arrived",
                  [](SimulatedHost&, const PlanCommand&, Hello&) {}, seconds(1),
                  PlanState::kSuperseded, false},
        Reconnect{"never_arrived_in_time",
                  [](SimulatedHost&, const PlanCommand&, Hello&) {},
                  seconds(60), PlanState::kExpired, false},
        Reconnect{
            "still_applying",
            [](SimulatedHost& host, const PlanCommand& command, Hello& hello) {
              host.Apply(command);
              hello.applying_epoch = command.plan.epoch;
            },
            seconds(1), PlanState::kUnknown, false},
        Reconnect{"result_lost",
                  [](SimulatedHost& host, const PlanCommand& command, Hello&) {
                    host.Apply(command);
                  },
                  seconds(1), PlanState::kUnknown, false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(PlanLifeTest, APlanStillBeingAppliedIsAnsweredOnTheNewStream) {
  const PlanCommand command = FirstPlan();
  Lose();
  Hello hello = host_.MakeHello();
  hello.seen_term = command.plan.term;
  hello.seen_epoch = hello.applying_epoch = command.plan.epoch;
  hello.store_id = "store-a";
  stream_ = harness_.Connect(hello);
  for (int i = 0; i < 8; ++i) harness_.Report(host_, stream_);
  EXPECT_TRUE(stream_.link->plans.empty());
  Answer(host_.Apply(command));
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(stream_.link->acks.size(), 1U);
}

// A table for processors that are gone would be out of every array's bounds.
class OtherLayoutTest : public PlanLifeTest,
                        public testing::WithParamInterface<ApplyState> {};

TEST_P(OtherLayoutTest, APlanForTheOneBeforeDoesNotBecomeTheTable) {
  const PlanCommand command = FirstPlan();
  PlanResult result = host_.Apply(command);
  result.state = GetParam();
  Lose();
  host_.layout.processors.resize(2);
  host_.table = DealRoundRobin(host_.layout);
  Hello hello = host_.MakeHello();
  hello.seen_term = command.plan.term;
  hello.seen_epoch = hello.applying_epoch = command.plan.epoch;
  hello.store_id = "store-a";
  stream_ = harness_.Connect(hello);
  Answer(result);
  EXPECT_EQ(harness_.View(host_).record.table, host_.table);
  EXPECT_EQ(stream_.link->go_aways.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(States, OtherLayoutTest,
                         testing::Values(ApplyState::kApplied,
                                         ApplyState::kPartial));

TEST_F(PlanLifeTest, AHellosTableIsNewerThanTheResultItBrings) {
  const PlanCommand command = FirstPlan();
  Lose();
  Hello hello = host_.MakeHello();
  hello.last_result = host_.Apply(command);
  host_.table.owner[0] = ProcessorId(3);  // taken over since
  const Hello now = host_.MakeHello();
  hello.table = now.table;
  hello.digest = now.digest;
  hello.seen_term = now.seen_term;
  hello.seen_epoch = now.seen_epoch;
  stream_ = harness_.Connect(hello);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(harness_.View(host_).digest, ComputeDigest(host_.table));
  // What is measured now is not what the plan made.
  for (int i = 0; i < 3; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(Stored().state, PlanState::kApplied);
}

TEST_F(PlanLifeTest, AResultThatComesLateAndTwiceIsRecordedOnce) {
  const PlanCommand command = FirstPlan();
  const PlanResult result = host_.Apply(command);
  Lose();
  stream_ = harness_.Connect(host_);  // without the result
  ASSERT_EQ(Stored().state, PlanState::kUnknown);
  harness_.store.Hold();
  Answer(result);
  Answer(result);
  harness_.store.Release();
  harness_.Run();
  EXPECT_EQ(Stored().state, PlanState::kApplied);
  EXPECT_EQ(harness_.store.Count(EventKind::kPlanApplied), 1U);
  EXPECT_THAT(stream_.link->acks, ElementsAre(Pair(Term(1), Epoch(1))));
}

TEST_F(PlanLifeTest, SaysWhyAndWhatEachProcessorAchieved) {
  Answer(host_.Apply(FirstPlan()));
  for (int i = 0; i < 2; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(Stored().verdict, "IMBALANCE");
  EXPECT_FALSE(Stored().planner_reason.empty());
  ASSERT_EQ(Stored().utilization_achieved.size(), 4U);
  EXPECT_GT(Stored().utilization_achieved[0], 0.3);
}

TEST_F(PlanLifeTest, ADecisionNotToPlanIsKeptWithWhatItWasMadeFrom) {
  host_.loads = std::vector<std::uint64_t>(256, 2'000'000);
  stream_ = harness_.Connect(host_);
  for (int i = 0; i < 10; ++i) harness_.Report(host_, stream_);
  const auto& decisions = harness_.store.decisions();
  ASSERT_FALSE(decisions.empty());
  EXPECT_EQ(decisions.back().verdict, "EVEN");
  const auto given = ParseDecisionInputs(decisions.back().measurement);
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_EQ(balance::Decide({}, given->measurement, given->over_trigger).reason,
            decisions.back().reason);
}

TEST_F(PlanLifeTest, AnAppliedPlanIsMeasuredAlsoAfterARestart) {
  const PlanCommand command = FirstPlan();
  Answer(host_.Apply(command));
  harness_.Restart();
  stream_ = harness_.Connect(host_);
  for (int i = 0; i < 3; ++i) harness_.Report(host_, stream_);
  EXPECT_EQ(Stored().state, PlanState::kMeasured);
}

TEST_F(PlanLifeTest, AfterARestartMovedBucketsCoolAnew) {
  const PlanCommand command = FirstPlan();
  Answer(host_.Apply(command));
  const std::vector<MoveRecord> moved = Stored().moves;
  harness_.Restart();
  stream_ = harness_.Connect(host_);
  const auto next = harness_.ReportUntilPlan(host_, stream_);
  ASSERT_TRUE(next.has_value());
  for (const MoveRecord& move : Stored(1).moves) {
    for (const MoveRecord& before : moved) {
      EXPECT_NE(move.move.bucket, before.move.bucket);
    }
  }
}

TEST(PlanLife, AdviceIsKeptAndNotSent) {
  balance::Policy policy;
  policy.mode = balance::Mode::kAdvise;
  ControllerHarness harness(policy);
  SimulatedHost host = SkewedHost();
  const auto stream = harness.Connect(host);
  EXPECT_FALSE(harness.ReportUntilPlan(host, stream, 30).has_value());
  ASSERT_EQ(harness.store.plans().size(), 1U);
  EXPECT_EQ(harness.store.plans()[0].state, PlanState::kProposed);
  EXPECT_EQ(harness.store.plans()[0].epoch, Epoch(0));
  EXPECT_THAT(harness.View(host).reason, HasSubstr("hosts/a/proposals/1"));
  // Another table asks for another proposal, which replaces the first.
  host.table.owner[0] = ProcessorId(1);
  harness.core->fleet.OnTableChanged(
      stream.session, {host.table, ComputeDigest(host.table), "takeover"});
  for (int i = 0; i < 10; ++i) harness.Report(host, stream);
  ASSERT_EQ(harness.store.plans().size(), 2U);
  EXPECT_EQ(harness.store.plans()[0].state, PlanState::kSuperseded);
  EXPECT_EQ(harness.store.plans()[1].state, PlanState::kProposed);
}

TEST(PlanLife, WhatThePlannerWasGivenIsKeptWhereItWasAsked) {
  balance::Policy policy;
  policy.min_gain_permille = 50'000;  // more than any plan can gain
  ControllerHarness harness(policy);
  SimulatedHost host = SkewedHost();
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 10; ++i) harness.Report(host, stream);
  ASSERT_FALSE(harness.store.decisions().empty());
  const DecisionRecord& decision = harness.store.decisions().back();
  EXPECT_EQ(decision.verdict, "GAIN_TOO_SMALL");
  EXPECT_TRUE(ParseDecisionInputs(decision.measurement).ok());
  ASSERT_TRUE(decision.inputs.has_value());
  const auto inputs = ParsePlannerInputs(decision.inputs->bytes);
  ASSERT_TRUE(inputs.ok()) << inputs.status();
  EXPECT_EQ(inputs->snapshot.buckets.size(), 256U);
}

TEST(PlanLife, AHostThatDoesNotAnswerHoldsUpTheRestForTwoSecondsOnly) {
  ControllerHarness harness;
  SimulatedHost host = SkewedHost("b");
  const auto stream = harness.Connect(host);
  SimulatedHost silent = SkewedHost("a");
  const auto silent_stream = harness.Connect(silent);
  // Ready to be planned, and even until then.
  std::swap(host.loads, silent.loads);
  std::vector<std::uint64_t> even(256, 2'000'000);
  std::swap(host.loads, even);
  for (int i = 0; i < 10; ++i) harness.Report(host, stream);
  ASSERT_TRUE(harness.ReportUntilPlan(silent, silent_stream).has_value());
  std::swap(host.loads, even);
  EXPECT_FALSE(harness.ReportUntilPlan(host, stream, 2).has_value());
  EXPECT_TRUE(harness.ReportUntilPlan(host, stream, 4).has_value());
}

TEST(PlanLife, WhenAllThatArePlannedFallSilentTheRestWaits) {
  ControllerHarness harness;
  std::vector<SimulatedHost> hosts;
  std::vector<ControllerHarness::Stream> streams;
  for (const char* name : {"a", "b", "c", "d"}) {
    hosts.push_back(SkewedHost(name));
    streams.push_back(harness.Connect(hosts.back()));
  }
  const auto planned = [&] {
    std::size_t count = 0;
    for (const auto& stream : streams) count += stream.link->plans.size();
    return count;
  };
  const auto report = [&](int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
      harness.Advance(seconds(1));
      for (std::size_t h = 0; h < hosts.size(); ++h) {
        harness.core->fleet.OnReport(
            streams[h].session,
            hosts[h].MakeReport(
                std::chrono::nanoseconds(
                    harness.clock.Monotonic().time_since_epoch()),
                seconds(1)));
      }
      harness.Run();
    }
  };
  // One may fly, one may be overdue.
  report(16);
  EXPECT_EQ(planned(), 2U);
  report(8);
  EXPECT_GT(planned(), 2U);
}

TEST_F(PlanLifeTest, AHostThatComesBackFencedIsNotAskedAgainAndAgain) {
  FirstPlan();
  Lose();
  host_.store_id = "store-b";
  stream_ = harness_.Connect(host_);
  for (int i = 0; i < 40; ++i) harness_.Report(host_, stream_);
  EXPECT_FALSE(stream_.link->closed.has_value());
  EXPECT_EQ(Stored().state, PlanState::kUnknown);
}

TEST(PlanLife, AFewHostsAtATimeHavePlansInFlight) {
  ControllerHarness harness;
  SimulatedHost a = SkewedHost("a");
  SimulatedHost b = SkewedHost("b");
  const auto stream_a = harness.Connect(a);
  const auto stream_b = harness.Connect(b);
  for (int i = 0; i < 6; ++i) {
    harness.Report(a, stream_a);
    harness.core->fleet.OnReport(
        stream_b.session,
        b.MakeReport(std::chrono::nanoseconds(
                         harness.clock.Monotonic().time_since_epoch()),
                     seconds(1)));
    harness.Run();
  }
  ASSERT_EQ(stream_a.link->plans.size(), 1U);
  EXPECT_TRUE(stream_b.link->plans.empty());
  EXPECT_THAT(harness.View(b).reason, HasSubstr("FLEET_LIMIT"));
  // The one that waited is planned as soon as the other is settled.
  harness.ApplyPlan(a, stream_a);
  EXPECT_EQ(stream_b.link->plans.size(), 1U);
}

}  // namespace
}  // namespace lb::controller
