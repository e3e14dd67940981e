#include "agent/agent_loop.h"

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/start_table.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/agent/fake_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AgentLoopTest : public ::testing::Test {
 protected:
  AgentLoopTest() { Restart(); }

  // The agent ends, however it stands, and starts from what is on disk.
  void Restart() {
    agent_.reset();
    queries_.reset();
    const auto record = PlanFile(path_).Load("host-a");
    ASSERT_TRUE(record.ok()) << record.status();
    const StartTable start = ChooseStartTable(*record, layout_);
    link_ = std::make_unique<FakeLink>();
    dataplane_ = std::make_unique<FakeDataplane>(layout_, start.table, clock_);
    queries_ = std::make_unique<QueryThread>(*dataplane_, inbox_, clock_);
    AgentOptions options;
    options.instance_id = "instance-1";
    options.session.seed = 5;
    agent_ = std::make_unique<Agent>(
        options, AgentSeams{*dataplane_, *queries_, *link_, clock_},
        PlanFile(path_), StartRecord(*record, start));
    ASSERT_TRUE(agent_->Start().ok());
    agent_->Advance();
  }

  void Receive(Message message) {
    agent_->Handle({link_->session, clock_.Monotonic(), std::move(message)});
    agent_->Advance();
  }

  void Connect(Term term = Term(1), const std::string& store = "store-1") {
    Welcome welcome;
    welcome.store_id = store;
    welcome.term = term;
    welcome.policy.revision = 4;
    Receive(welcome);
  }

  // Lets `time` pass, calling the agent whenever it wants to be called.
  void Pass(std::chrono::nanoseconds time) {
    const MonotonicTime end = clock_.Monotonic() + time;
    for (;;) {
      const MonotonicTime wake = agent_->Advance();
      if (wake > end) break;
      if (wake > clock_.Monotonic()) clock_.Advance(wake - clock_.Monotonic());
    }
    clock_.Advance(end - clock_.Monotonic());
    agent_->Advance();
  }

  // A plan that moves bucket 0 to the other processor.
  PlanCommand NextPlan(Epoch epoch, Term term = Term(1)) {
    PlanCommand command;
    Plan& plan = command.plan;
    plan.host = "host-a";
    plan.store_id = "store-1";
    plan.term = term;
    plan.epoch = epoch;
    plan.table = dataplane_->table();
    plan.base = ComputeDigest(plan.table);
    plan.table.owner[0] = ProcessorId(1 - plan.table.owner[0].value());
    command.digest = ComputeDigest(plan.table);
    command.deadline = seconds(5);
    return command;
  }

  // Takes in what the query thread has found.
  void TakeInAnswer() {
    const auto answer =
        inbox_.Pop(SystemClock().Monotonic() + std::chrono::minutes(1));
    ASSERT_TRUE(answer.has_value());
    agent_->Handle(*answer);
  }

  PlanRecord OnDisk() { return *PlanFile(path_).Load("host-a"); }

  const TempDir dir_;
  const std::string path_ = dir_.File("plan");
  Layout layout_{64, HashKind::kSipHash, "0011aabb", {{0, 1000}, {1, 1000}}};
  FakeClock clock_;
  Inbox inbox_;
  std::unique_ptr<FakeDataplane> dataplane_;
  std::unique_ptr<QueryThread> queries_;
  std::unique_ptr<FakeLink> link_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(AgentLoopTest, SaysHelloWithWhatIsInForce) {
  ASSERT_EQ(link_->hellos.size(), 1u);
  const Hello& hello = link_->hellos[0];
  EXPECT_EQ(hello.host, "host-a");
  EXPECT_EQ(hello.instance_id, "instance-1");
  EXPECT_EQ(hello.layout, layout_);
  EXPECT_EQ(hello.table, DealRoundRobin(layout_));
  EXPECT_EQ(hello.seen_epoch, Epoch());
  EXPECT_EQ(hello.store_id, "");
  EXPECT_FALSE(hello.last_result.has_value());
}

TEST_F(AgentLoopTest, AControllersDrainHoldsUntilTheNext) {
  Connect();
  Receive(Drain{{1}});
  EXPECT_THAT(dataplane_->drained, ElementsAre(ProcessorId(1)));
  Receive(LinkDown{absl::UnavailableError("gone")});
  EXPECT_THAT(dataplane_->drained, ElementsAre(ProcessorId(1)));
  Pass(seconds(20));
  Connect();
  Receive(Drain{{0, 7, 70'000}});  // of which 0 is here
  EXPECT_THAT(dataplane_->drained, ElementsAre(ProcessorId(0)));
  Receive(Drain{});
  EXPECT_THAT(dataplane_->drained, IsEmpty());
}

TEST_F(AgentLoopTest, AnswersQueries) {
  FlowTrace trace;
  trace.hash = 0x1234;
  trace.bucket = BucketId(5);
  dataplane_->on_trace = [&](const FlowKey&) { return trace; };
  dataplane_->on_heaviest =
      [](BucketId bucket,
         std::size_t count) -> absl::StatusOr<std::vector<FlowInfo>> {
    if (bucket.value() >= 64) return absl::InvalidArgumentError("no bucket");
    std::vector<FlowInfo> flows(count);
    for (FlowInfo& flow : flows) flow.packets = bucket.value();
    return flows;
  };
  Connect();
  Receive(Query{7, FlowKey()});
  TakeInAnswer();
  Receive(Query{8, HeaviestFlows{BucketId(3), 2}});
  TakeInAnswer();
  Receive(Query{9, HeaviestFlows{BucketId(64), 2}});
  TakeInAnswer();
  Receive(Query{10, absl::UnimplementedError("does not know such a query")});
  ASSERT_THAT(link_->answers, SizeIs(4));
  EXPECT_EQ(link_->answers[0].id, 7u);
  EXPECT_EQ(link_->answers[0].error, "");
  ASSERT_TRUE(link_->answers[0].trace.has_value());
  EXPECT_EQ(link_->answers[0].trace->bucket, BucketId(5));
  EXPECT_EQ(link_->answers[1].id, 8u);
  EXPECT_FALSE(link_->answers[1].trace.has_value());
  ASSERT_THAT(link_->answers[1].heaviest, SizeIs(2));
  EXPECT_EQ(link_->answers[1].heaviest[1].packets, 3u);
  EXPECT_EQ(link_->answers[2].id, 9u);
  EXPECT_THAT(link_->answers[2].error, HasSubstr("no bucket"));
  EXPECT_THAT(link_->answers[3].error, HasSubstr("does not know"));
}

// Reports go on while the data plane takes its time, and who asks for too much
// is told so at once.
TEST_F(AgentLoopTest, ManyQueriesHoldNothingUp) {
  std::promise<void> asked;
  std::promise<void> answer;
  bool first = true;
  dataplane_->on_trace = [&](const FlowKey&) {
    if (std::exchange(first, false)) {
      asked.set_value();
      answer.get_future().wait();
    }
    return FlowTrace();
  };
  Connect();
  Receive(Query{0, FlowKey()});
  asked.get_future().wait();
  for (std::uint64_t id = 1; id <= QueryThread::kMaxWaiting; ++id) {
    Receive(Query{id, FlowKey()});
  }
  EXPECT_THAT(link_->answers, IsEmpty());
  Receive(Query{99, FlowKey()});
  ASSERT_THAT(link_->answers, SizeIs(1));
  EXPECT_EQ(link_->answers[0].id, 99u);
  EXPECT_THAT(link_->answers[0].error, HasSubstr("busy"));
  Pass(seconds(2));
  EXPECT_THAT(link_->reports, SizeIs(2));

  answer.set_value();
  for (std::uint64_t id = 0; id <= QueryThread::kMaxWaiting; ++id) {
    TakeInAnswer();
    EXPECT_EQ(link_->answers.back().id, id);
    EXPECT_EQ(link_->answers.back().error, "");
  }
}

TEST_F(AgentLoopTest, AnAnswerOfAnEarlierSessionIsNotSent) {
  dataplane_->on_trace = [](const FlowKey&) { return FlowTrace(); };
  Connect();
  Receive(Query{1, FlowKey()});
  Receive(LinkDown{absl::UnavailableError("gone")});
  Pass(seconds(20));
  Connect();
  TakeInAnswer();
  EXPECT_THAT(link_->answers, IsEmpty());
}

TEST_F(AgentLoopTest, ReportsEveryIntervalOnceWelcome) {
  Pass(milliseconds(500));
  EXPECT_TRUE(link_->reports.empty());
  Connect();
  Pass(seconds(4));
  ASSERT_EQ(link_->reports.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const Report& report = link_->reports[i];
    EXPECT_EQ(report.sequence, i + 1);
    EXPECT_EQ(report.sample.end - report.sample.start, seconds(1));
    EXPECT_EQ(report.merged, 0u);
    EXPECT_EQ(report.policy_revision, 4u);
  }
}

TEST_F(AgentLoopTest, FollowsThePolicysInterval) {
  Connect();
  Receive(AgentPolicy{9, milliseconds(250)});
  Pass(seconds(1));
  ASSERT_EQ(link_->reports.size(), 4u);
  EXPECT_EQ(link_->reports[3].policy_revision, 9u);
  Receive(AgentPolicy{10, milliseconds(1)});  // held to the least
  link_->reports.clear();
  Pass(seconds(1));
  EXPECT_EQ(link_->reports.size(), 10u);
}

TEST_F(AgentLoopTest, PassesTheFairQueuesLimitsOnWhenTheyChange) {
  const FairQueueLimits some{microseconds(20), 3'000};
  Welcome welcome;
  welcome.store_id = "store-1";
  welcome.policy.fair_queue = some;
  Receive(welcome);
  EXPECT_THAT(dataplane_->fair_queues, ElementsAre(some));
  AgentPolicy policy{9, milliseconds(250), some};
  Receive(policy);
  EXPECT_THAT(dataplane_->fair_queues, SizeIs(1)) << "nothing new";
  policy.fair_queue.quantum = seconds(1);  // held to the most
  Receive(policy);
  Receive(AgentPolicy{10});  // as of a controller that does not know of them
  EXPECT_THAT(dataplane_->fair_queues,
              ElementsAre(some, FairQueueLimits{kMaxQuantum, 3'000},
                          FairQueueLimits()));
}

TEST_F(AgentLoopTest, LeavesTheFairQueueAloneWhereNothingIsSaid) {
  Connect();
  EXPECT_THAT(dataplane_->fair_queues, IsEmpty());
}

TEST_F(AgentLoopTest, MergesWhatItCannotSend) {
  Connect();
  link_->room = false;
  dataplane_->next.processors[1].packets = 10;
  Pass(seconds(5));
  EXPECT_TRUE(link_->reports.empty());
  link_->room = true;
  agent_->Advance();
  ASSERT_EQ(link_->reports.size(), 1u);
  const Report& report = link_->reports[0];
  EXPECT_EQ(report.sequence, 1u);
  EXPECT_EQ(report.merged, 4u);
  EXPECT_EQ(report.sample.processors[1].packets, 50u);
  EXPECT_EQ(report.sample.end - report.sample.start, seconds(5));
}

TEST_F(AgentLoopTest, AppliesAPlanAndKeepsItsResultUntilAcknowledged) {
  Connect();
  const PlanCommand plan = NextPlan(Epoch(1));
  bool seen_before_apply = false;
  dataplane_->on_apply = [&] {
    const PlanRecord record = OnDisk();
    seen_before_apply = record.seen_epoch == Epoch(1) && record.applying &&
                        record.table == DealRoundRobin(layout_);
  };
  Receive(plan);
  EXPECT_TRUE(seen_before_apply);
  EXPECT_EQ(dataplane_->table(), plan.plan.table);
  ASSERT_EQ(link_->results.size(), 1u);
  const PlanResult& result = link_->results[0];
  EXPECT_EQ(result.state, ApplyState::kApplied);
  EXPECT_EQ(result.epoch, Epoch(1));
  EXPECT_EQ(result.applied.table, plan.digest);
  ASSERT_EQ(result.applied.moves.size(), 1u);
  const PlanRecord record = OnDisk();
  EXPECT_EQ(record.table, plan.plan.table);
  EXPECT_EQ(record.epoch, Epoch(1));
  EXPECT_FALSE(record.applying);
  ASSERT_TRUE(record.unacknowledged.has_value());

  Receive(PlanResultAck{Term(1), Epoch(9)});  // another plan's
  EXPECT_TRUE(OnDisk().unacknowledged.has_value());
  Receive(PlanResultAck{Term(1), Epoch(1)});
  EXPECT_FALSE(OnDisk().unacknowledged.has_value());
}

// One report ends with the old table, one spans the change, the next is the
// new table's alone and a whole interval long.
TEST_F(AgentLoopTest, EveryReportButOneBelongsToOneTable) {
  Connect();
  Pass(milliseconds(1'300));
  link_->reports.clear();
  const Digest before = ComputeDigest(dataplane_->table());
  const PlanCommand plan = NextPlan(Epoch(1));
  dataplane_->on_apply = [&] { clock_.Advance(milliseconds(20)); };
  Receive(plan);
  Pass(seconds(1));
  ASSERT_EQ(link_->reports.size(), 3u);
  EXPECT_EQ(link_->reports[0].sample.table_start, before);
  EXPECT_EQ(link_->reports[0].sample.table_end, before);
  EXPECT_EQ(link_->reports[0].epoch, Epoch(0));
  EXPECT_EQ(link_->reports[1].sample.table_start, before);
  EXPECT_EQ(link_->reports[1].sample.table_end, plan.digest);
  EXPECT_EQ(link_->reports[2].sample.table_start, plan.digest);
  EXPECT_EQ(link_->reports[2].sample.table_end, plan.digest);
  EXPECT_EQ(link_->reports[2].epoch, Epoch(1));
  EXPECT_EQ(link_->reports[2].sample.end - link_->reports[2].sample.start,
            seconds(1));
}

TEST_F(AgentLoopTest, SaysThatAPlanExpired) {
  Connect();
  const Incoming late = {link_->session, clock_.Monotonic(),
                         NextPlan(Epoch(1))};
  clock_.Advance(seconds(6));
  agent_->Handle(late);
  ASSERT_EQ(link_->results.size(), 1u);
  EXPECT_EQ(link_->results[0].state, ApplyState::kRejected);
  EXPECT_TRUE(link_->results[0].expired);
  EXPECT_TRUE(OnDisk().unacknowledged->expired);
}

TEST_F(AgentLoopTest, RejectsAPlanForAnotherHostAndStaysAsItIs) {
  Connect();
  PlanCommand plan = NextPlan(Epoch(1));
  plan.plan.host = "host-b";
  const Table before = dataplane_->table();
  Receive(plan);
  ASSERT_EQ(link_->results.size(), 1u);
  EXPECT_EQ(link_->results[0].state, ApplyState::kRejected);
  EXPECT_THAT(link_->results[0].reason, HasSubstr("host-b"));
  EXPECT_EQ(link_->results[0].applied.table, ComputeDigest(before));
  EXPECT_EQ(dataplane_->applies, 0);
  EXPECT_EQ(dataplane_->table(), before);
  EXPECT_EQ(OnDisk().seen_epoch, Epoch(0));
  // The right one is still welcome.
  Receive(NextPlan(Epoch(1)));
  EXPECT_EQ(link_->results.back().state, ApplyState::kApplied);
}

TEST_F(AgentLoopTest, ARejectionDoesNotDisplaceAnUnacknowledgedResult) {
  Connect();
  Receive(NextPlan(Epoch(1)));
  Receive(NextPlan(Epoch(1), Term(0)));
  EXPECT_EQ(link_->results.back().state, ApplyState::kRejected);
  EXPECT_EQ(OnDisk().unacknowledged->state, ApplyState::kApplied);
}

TEST_F(AgentLoopTest, AnswersThePlanLastSeenOnceMore) {
  Connect();
  const PlanCommand plan = NextPlan(Epoch(1));
  Receive(plan);
  Receive(plan);
  ASSERT_EQ(link_->results.size(), 2u);
  EXPECT_EQ(link_->results[1].state, ApplyState::kApplied);
  EXPECT_EQ(dataplane_->applies, 1);
  Receive(PlanResultAck{Term(1), Epoch(1)});
  Receive(plan);
  EXPECT_EQ(link_->results[2].state, ApplyState::kRejected);
}

TEST_F(AgentLoopTest, PartialWhenAMoveWasNotMade) {
  Connect();
  dataplane_->outcome = MoveOutcome::kNotMoved;
  const Table before = dataplane_->table();
  Receive(NextPlan(Epoch(1)));
  EXPECT_EQ(link_->results[0].state, ApplyState::kPartial);
  EXPECT_EQ(OnDisk().table, before);
}

TEST_F(AgentLoopTest, RejectsWhatTheDataPlaneRefuses) {
  Connect();
  dataplane_->apply_error = absl::InvalidArgumentError("no such thing");
  Receive(NextPlan(Epoch(3)));
  EXPECT_EQ(link_->results[0].state, ApplyState::kRejected);
  EXPECT_EQ(link_->results[0].reason, "no such thing");
  EXPECT_EQ(OnDisk().seen_epoch, Epoch(3));
  EXPECT_EQ(OnDisk().epoch, Epoch(0));
  EXPECT_FALSE(OnDisk().applying);
}

TEST_F(AgentLoopTest, APlanThatCannotBeKeptIsNotApplied) {
  Connect();
  // A directory in the place of the file to be written.
  std::filesystem::create_directories(path_ + ".new/x");
  Receive(NextPlan(Epoch(1)));
  ASSERT_EQ(link_->results.size(), 1u);
  EXPECT_EQ(link_->results[0].state, ApplyState::kRejected);
  EXPECT_THAT(link_->results[0].reason, HasSubstr("cannot be kept"));
  EXPECT_EQ(dataplane_->applies, 0);
  std::filesystem::remove_all(path_ + ".new");
  Receive(NextPlan(Epoch(1)));
  EXPECT_EQ(link_->results.back().state, ApplyState::kApplied);
}

TEST_F(AgentLoopTest, AResultThatCannotBeKeptIsTriedAgain) {
  Connect();
  dataplane_->on_apply = [&] {
    std::filesystem::create_directories(path_ + ".new/x");
  };
  const PlanCommand plan = NextPlan(Epoch(1));
  Receive(plan);
  EXPECT_EQ(link_->results[0].state, ApplyState::kApplied);
  EXPECT_TRUE(OnDisk().applying);
  std::filesystem::remove_all(path_ + ".new");
  Pass(seconds(1));
  EXPECT_FALSE(OnDisk().applying);
  EXPECT_EQ(OnDisk().table, plan.plan.table);
}

TEST_F(AgentLoopTest, GoesOnWithItsLastPlanAfterARestart) {
  Connect();
  const PlanCommand plan = NextPlan(Epoch(6));
  Receive(plan);
  Restart();
  EXPECT_EQ(dataplane_->table(), plan.plan.table);
  const Hello& hello = link_->hellos[0];
  EXPECT_EQ(hello.table, plan.plan.table);
  EXPECT_EQ(hello.seen_term, Term(1));
  EXPECT_EQ(hello.seen_epoch, Epoch(6));
  EXPECT_EQ(hello.store_id, "store-1");
  ASSERT_TRUE(hello.last_result.has_value());
  EXPECT_EQ(hello.last_result->state, ApplyState::kApplied);
  Connect();
  Pass(seconds(1));
  EXPECT_EQ(link_->reports[0].epoch, Epoch(6));
}

// Killed in the middle: the plan is seen, the old table is in force, and the
// controller hears that nothing came of the plan.
TEST_F(AgentLoopTest, RejectsThePlanItDiedIn) {
  Connect();
  const Table before = dataplane_->table();
  PlanRecord half = OnDisk();
  half.store_id = "store-1";
  half.seen_term = Term(1);
  half.seen_epoch = Epoch(2);
  half.applying = true;
  ASSERT_TRUE(PlanFile(path_).Save(half).ok());
  Restart();
  EXPECT_EQ(dataplane_->table(), before);
  const Hello& hello = link_->hellos[0];
  EXPECT_EQ(hello.seen_epoch, Epoch(2));
  ASSERT_TRUE(hello.last_result.has_value());
  EXPECT_EQ(hello.last_result->epoch, Epoch(2));
  EXPECT_EQ(hello.last_result->state, ApplyState::kRejected);
  EXPECT_EQ(hello.last_result->applied.table, ComputeDigest(before));
  // Told once, not after every restart.
  Connect();
  Receive(PlanResultAck{Term(1), Epoch(2)});
  Restart();
  EXPECT_FALSE(link_->hellos[0].last_result.has_value());
}

TEST_F(AgentLoopTest, WithoutAControllerItTriesOnAndMeasuresOn) {
  Receive(LinkDown{absl::UnavailableError("refused")});
  std::size_t tries = link_->hellos.size();
  for (int i = 0; i < 30; ++i) {
    Pass(seconds(10));
    ASSERT_GT(link_->hellos.size(), tries) << "cap of the back-off is 10 s";
    tries = link_->hellos.size();
    Receive(LinkDown{absl::UnavailableError("refused")});
  }
  EXPECT_LT(tries, 200u);
  EXPECT_GE(dataplane_->samples, 299);
  Pass(seconds(10));
  Connect();
  ASSERT_EQ(link_->reports.size(), 1u);
  EXPECT_GE(link_->reports[0].merged, 298u);
}

TEST_F(AgentLoopTest, GivesUpOnASilentController) {
  Pass(seconds(10));
  EXPECT_FALSE(link_->open);
  Pass(seconds(1));
  EXPECT_EQ(link_->hellos.size(), 2u);
}

TEST_F(AgentLoopTest, IgnoresMessagesOfAnEarlierSession) {
  Connect();
  const std::uint64_t old = link_->session;
  Receive(LinkDown{absl::UnavailableError("gone")});
  Pass(seconds(1));
  ASSERT_EQ(link_->session, old + 1);
  Connect();
  agent_->Handle({old, clock_.Monotonic(), NextPlan(Epoch(1))});
  agent_->Handle({old, clock_.Monotonic(), LinkDown{}});
  EXPECT_EQ(dataplane_->applies, 0);
  link_->reports.clear();
  Pass(seconds(1));
  EXPECT_EQ(link_->reports.size(), 1u);
}

TEST_F(AgentLoopTest, APlanBeforeTheWelcomeIsRejected) {
  Receive(NextPlan(Epoch(1)));
  ASSERT_EQ(link_->results.size(), 1u);
  EXPECT_THAT(link_->results[0].reason, HasSubstr("before the Welcome"));
}

TEST_F(AgentLoopTest, HonoursGoAway) {
  Connect();
  Receive(GoAway{"shutting down", seconds(30)});
  EXPECT_FALSE(link_->open);
  Pass(seconds(30) - milliseconds(1));
  EXPECT_EQ(link_->hellos.size(), 1u);
  Pass(milliseconds(201));
  EXPECT_EQ(link_->hellos.size(), 2u);
}

TEST_F(AgentLoopTest, TellsOfStallsAndTightDispatchersOnce) {
  Pass(milliseconds(10));
  dataplane_->next.processors[1].stalled = true;
  dataplane_->next.dispatchers[0].busy = milliseconds(950);
  Pass(seconds(3));
  Connect();
  ASSERT_EQ(link_->events.size(), 2u);
  EXPECT_EQ(link_->events[0].kind, AgentEventKind::kStall);
  EXPECT_THAT(link_->events[0].message, HasSubstr("processor 1"));
  EXPECT_EQ(link_->events[1].kind, AgentEventKind::kInputBound);
  EXPECT_THAT(link_->events[1].message, HasSubstr("95%"));
  dataplane_->next.dispatchers[0].busy = milliseconds(850);  // not relieved
  Pass(seconds(1));
  dataplane_->next.dispatchers[0].busy = milliseconds(950);
  Pass(seconds(1));
  EXPECT_EQ(link_->events.size(), 2u);
  // What comes and goes is told once a minute.
  for (int i = 0; i < 100; ++i) {
    const bool bad = i % 2 == 1;
    dataplane_->next.dispatchers[0].busy = milliseconds(bad ? 2'000 : 100);
    dataplane_->next.processors[1].stalled = bad;
    Pass(seconds(1));
  }
  ASSERT_EQ(link_->events.size(), 4u);
  EXPECT_THAT(link_->events[3].message, HasSubstr("100%"));
}

TEST_F(AgentLoopTest, ATakeoverIsToldAtOnceAndKept) {
  Connect();
  Receive(AgentPolicy{5, seconds(30)});
  link_->reports.clear();
  dataplane_->TakeOver({ProcessorId(1), 32, 37, 120}, ProcessorId(0));
  Pass(milliseconds(200));
  ASSERT_EQ(link_->changes.size(), 1u);
  EXPECT_EQ(link_->changes[0].table, dataplane_->table());
  EXPECT_EQ(OnDisk().table, dataplane_->table());
  ASSERT_EQ(link_->events.size(), 1u);
  EXPECT_EQ(link_->events[0].kind, AgentEventKind::kStall);
  for (const std::string& text :
       {link_->changes[0].reason, link_->events[0].message}) {
    EXPECT_THAT(text, HasSubstr("processor 1 completed no turn for a second; "
                                "its 32 buckets were taken over, and 37 "
                                "packets and 120 connections"));
  }
  ASSERT_EQ(link_->reports.size(), 1u);
  EXPECT_FALSE(link_->reports[0].sample.processors[1].in_service);
  // It is told once, and the next plan starts from this table.
  Pass(seconds(60));
  EXPECT_EQ(link_->changes.size(), 1u);
  EXPECT_EQ(link_->events.size(), 1u);
  Receive(NextPlan(Epoch(1)));
  EXPECT_EQ(link_->results.back().state, ApplyState::kApplied);
}

// The controller hears of the takeover first, and then a result whose digest
// is of the table it has by then.
TEST_F(AgentLoopTest, ATakeoverWhileAPlanIsAppliedIsToldBeforeTheResult) {
  for (const bool refused : {false, true}) {
    SCOPED_TRACE(refused);
    Restart();
    Connect();
    const ProcessorId stalled(refused ? 0 : 1);
    const auto take_over = [&] {
      dataplane_->TakeOver({stalled, 32, 37, 120},
                           ProcessorId(1 - stalled.value()));
    };
    if (refused) {
      dataplane_->apply_error = absl::AbortedError("processor 1 stalled");
      dataplane_->on_apply = take_over;
    } else {
      dataplane_->after_moves = take_over;
    }
    Receive(NextPlan(Epoch(refused ? 2 : 1)));
    ASSERT_EQ(link_->changes.size(), 1u);
    EXPECT_EQ(link_->changes[0].table, dataplane_->table());
    ASSERT_EQ(link_->results.size(), 1u);
    EXPECT_EQ(link_->results[0].state,
              refused ? ApplyState::kRejected : ApplyState::kPartial);
    EXPECT_EQ(link_->results[0].applied.table,
              ComputeDigest(dataplane_->table()));
    EXPECT_EQ(OnDisk().table, dataplane_->table());
    EXPECT_EQ(OnDisk().unacknowledged->applied.table,
              ComputeDigest(dataplane_->table()));
  }
}

TEST_F(AgentLoopTest, SaysWhenNobodyIsLeftToTakeOver) {
  Connect();
  for (ProcessorLoad& processor : dataplane_->next.processors) {
    processor.stalled = true;
    processor.in_service = false;
  }
  Pass(seconds(1));
  ASSERT_EQ(link_->events.size(), 2u);
  EXPECT_THAT(link_->events[1].message,
              HasSubstr("processor 1 is stalled with 0 packets waiting; no "
                        "processor is in service"));
}

TEST_F(AgentLoopTest, AnotherLayoutMeansAFreshDeal) {
  Connect();
  Receive(NextPlan(Epoch(6)));
  layout_.processors.push_back({0, 500});
  // Its table still names existing processors only, so it is kept.
  Restart();
  EXPECT_EQ(link_->hellos[0].table.owner[0], ProcessorId(1));
  layout_.buckets = 128;
  Restart();
  EXPECT_EQ(link_->hellos[0].table, DealRoundRobin(layout_));
  EXPECT_EQ(link_->hellos[0].seen_epoch, Epoch(6));
  EXPECT_EQ(OnDisk().epoch, Epoch(0));
  EXPECT_EQ(OnDisk().table, DealRoundRobin(layout_));
}

TEST(StartTable, ALostKeyIsNoticed) {
  const Layout layout{64, HashKind::kSipHash, "new", {{0, 1000}}};
  PlanRecord record;
  EXPECT_FALSE(ChooseStartTable(record, layout).new_key);
  Layout before = layout;
  before.key_id = "old";
  record.table = DealRoundRobin(before);
  const StartTable start = ChooseStartTable(record, layout);
  EXPECT_TRUE(start.new_key);
  EXPECT_EQ(start.table, DealRoundRobin(layout));
  EXPECT_THAT(start.reason, HasSubstr("key old"));
}

}  // namespace
}  // namespace lb::agent
