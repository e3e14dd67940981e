// What every Store does: the one that ships, and the one that tests of core
// trust in its place.
#include <filesystem>
#include <functional>
#include <memory>

#include "controller/store/sqlite_store.h"
#include "gmock/gmock.h"
#include "tests/controller/store_samples.h"
#include "tests/controller/temporary_directory.h"
#include "tests/support/fake_clock.h"
#include "tests/support/memory_store.h"

namespace lb::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

using StoreFactory = std::unique_ptr<Store> (*)(const std::string& directory,
                                                Executor&);

std::unique_ptr<Store> MakeMemory(const std::string&, Executor& executor) {
  return std::make_unique<MemoryStore>(
      executor, StoreIdentity{.store_id = "memory", .term = Term(1)});
}

std::unique_ptr<Store> MakeSqlite(const std::string& directory,
                                  Executor& executor) {
  static const FakeClock clock;  // of the time of the samples
  return SqliteStore::Open(directory, executor, clock).value();
}

class StoreContractTest : public testing::TestWithParam<StoreFactory> {
 protected:
  StoredState Load(WallTime since = At(0)) {
    return Await<StoredState>([&](Store::Callback<StoredState> callback) {
             store_->LoadState(since, std::move(callback));
           })
        .value();
  }
  absl::StatusOr<PlanRecord> Plan(const std::string& host, Epoch epoch) {
    return Await<PlanRecord>([&](Store::Callback<PlanRecord> callback) {
      store_->GetPlan(host, epoch, std::move(callback));
    });
  }
  absl::StatusOr<PlanRecord> Proposal(const std::string& host,
                                      std::uint64_t id) {
    return Await<PlanRecord>([&](Store::Callback<PlanRecord> callback) {
      store_->GetProposal(host, id, std::move(callback));
    });
  }
  std::vector<std::uint64_t> PlanIds(const PlanPage& page) {
    using Plans = std::vector<PlanRecord>;
    std::vector<std::uint64_t> ids;
    const auto plans = Await<Plans>([&](Store::Callback<Plans> callback) {
      store_->ListPlans(page, std::move(callback));
    });
    for (const PlanRecord& plan : *plans) {
      EXPECT_TRUE(plan.moves.empty());
      EXPECT_EQ(plan.move_count, 2U);
      ids.push_back(plan.id);
    }
    return ids;
  }
  std::vector<std::uint64_t> EventsBefore(const EventPage& page) {
    return Revisions([&](Store::Callback<std::vector<Event>> callback) {
      store_->ListEvents(page, std::move(callback));
    });
  }
  std::vector<std::uint64_t> EventsAfter(const std::string& host,
                                         std::uint64_t after,
                                         std::uint32_t limit) {
    return Revisions([&](Store::Callback<std::vector<Event>> callback) {
      store_->ListEventsAfter(host, after, limit, std::move(callback));
    });
  }

  absl::StatusOr<PolicyRecord> GetPolicy(std::uint64_t revision) {
    return Await<PolicyRecord>([&](Store::Callback<PolicyRecord> callback) {
      store_->GetPolicy(revision, std::move(callback));
    });
  }
  absl::StatusOr<DecisionRecord> GetDecision(const std::string& host,
                                             std::uint64_t revision) {
    return Await<DecisionRecord>([&](Store::Callback<DecisionRecord> callback) {
      store_->GetDecision(host, revision, std::move(callback));
    });
  }
  absl::StatusOr<RequestRecord> Request(const std::string& caller,
                                        const std::string& id) {
    return Await<RequestRecord>([&](Store::Callback<RequestRecord> callback) {
      store_->FindRequest(caller, id, std::move(callback));
    });
  }
  std::vector<AuditRecord> AuditAfter(std::uint64_t after,
                                      std::uint32_t limit) {
    using Records = std::vector<AuditRecord>;
    return Await<Records>([&](Store::Callback<Records> callback) {
             store_->ListAuditAfter(after, limit, std::move(callback));
           })
        .value();
  }
  std::vector<AuditRecord> AuditBefore(std::uint64_t before,
                                       std::uint32_t limit) {
    using Records = std::vector<AuditRecord>;
    return Await<Records>([&](Store::Callback<Records> callback) {
             store_->ListAudit(before, limit, std::move(callback));
           })
        .value();
  }
  static std::vector<std::uint64_t> Sequences(
      const std::vector<AuditRecord>& records) {
    std::vector<std::uint64_t> sequences;
    for (const AuditRecord& record : records) {
      sequences.push_back(record.sequence);
    }
    return sequences;
  }
  std::vector<StoredProcessorSample> ProcessorRows(const SamplePage& page) {
    using Rows = std::vector<StoredProcessorSample>;
    return Await<Rows>([&](Store::Callback<Rows> callback) {
             store_->ListProcessorSamples(page, std::move(callback));
           })
        .value();
  }
  std::vector<StoredRollUp> RollUps(RollUpPeriod period,
                                    const SamplePage& page) {
    using Rows = std::vector<StoredRollUp>;
    return Await<Rows>([&](Store::Callback<Rows> callback) {
             store_->ListRollUps(period, page, std::move(callback));
           })
        .value();
  }
  std::vector<int> RollUpTimes(RollUpPeriod period, const SamplePage& page) {
    std::vector<int> times;
    for (const auto& row : RollUps(period, page)) {
      times.push_back(Seconds(row.roll_up.time));
    }
    return times;
  }
  static int Seconds(WallTime time) {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::seconds>(time - At(0)).count());
  }
  std::vector<int> ProcessorTimes(const SamplePage& page) {
    std::vector<int> times;
    for (const auto& row : ProcessorRows(page)) {
      times.push_back(Seconds(row.sample.time));
    }
    return times;
  }

  TemporaryDirectory directory_;
  DirectExecutor executor_;
  std::unique_ptr<Store> store_ = GetParam()(directory_.path(), executor_);

 private:
  std::vector<std::uint64_t> Revisions(
      std::function<void(Store::Callback<std::vector<Event>>)> call) {
    std::vector<std::uint64_t> revisions;
    const auto events = Await<std::vector<Event>>(call);
    for (const Event& event : *events) {
      revisions.push_back(event.revision);
    }
    return revisions;
  }
};

TEST_P(StoreContractTest, AFreshStoreIsEmpty) {
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 0U);
  EXPECT_FALSE(state.policy.has_value());
  EXPECT_TRUE(state.hosts.empty());
  EXPECT_EQ(store_->identity().term, Term(1));
  EXPECT_FALSE(store_->identity().store_id.empty());
}

TEST_P(StoreContractTest, AHostReadsBackAndWhatTheStoreKeepsStays) {
  ASSERT_TRUE(CommitNow(*store_, PlanChange("a")).ok());
  Change change = HostChange("a");
  change.host->labels = {{"rack", "8"}};
  change.host->layout.processors.push_back({9, 500});
  change.host->plan_count = 99;
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  const StoredState state = Load();
  ASSERT_THAT(state.hosts, SizeIs(1));
  const HostRecord& host = state.hosts[0];
  EXPECT_EQ(host.host, "a");
  EXPECT_EQ(host.instance_id, "instance");
  EXPECT_EQ(host.boot_id, "boot");
  EXPECT_EQ(host.software_version, "0.1.0");
  EXPECT_EQ(host.labels, change.host->labels);
  EXPECT_EQ(host.layout, change.host->layout);
  EXPECT_EQ(host.table, change.host->table);
  EXPECT_EQ(host.term, Term(1));
  EXPECT_EQ(host.epoch, Epoch(2));
  EXPECT_EQ(host.connect_time, At(5));
  EXPECT_EQ(host.plan_count, 1U);
  EXPECT_EQ(host.last_epoch, Epoch(1));
}

TEST_P(StoreContractTest, APlanReadsBackWithEverythingItRestsOn) {
  const auto committed = CommitNow(*store_, PlanChange("a"));
  ASSERT_TRUE(committed.ok()) << committed.status();
  EXPECT_EQ(committed->epoch, Epoch(1));
  const PlanRecord expected = SamplePlan("a");
  const PlanRecord plan = Plan("a", Epoch(1)).value();
  EXPECT_EQ(plan.id, committed->plan_id);
  EXPECT_EQ(plan.host, "a");
  EXPECT_EQ(plan.term, expected.term);
  EXPECT_EQ(plan.state, PlanState::kSent);
  EXPECT_EQ(plan.create_time, expected.create_time);
  EXPECT_FALSE(plan.result_time.has_value());
  EXPECT_EQ(plan.author, expected.author);
  EXPECT_EQ(plan.reason, expected.reason);
  EXPECT_EQ(plan.policy_revision, 3U);
  EXPECT_EQ(plan.base, expected.base);
  EXPECT_EQ(plan.digest, expected.digest);
  EXPECT_EQ(plan.table, expected.table);
  EXPECT_EQ(plan.imbalance_before, expected.imbalance_before);
  EXPECT_EQ(plan.imbalance_predicted, expected.imbalance_predicted);
  EXPECT_FALSE(plan.imbalance_achieved.has_value());
  EXPECT_EQ(plan.bound, expected.bound);
  EXPECT_EQ(plan.indexes, expected.indexes);
  EXPECT_EQ(plan.total_index, expected.total_index);
  EXPECT_EQ(plan.quotas, expected.quotas);
  EXPECT_EQ(plan.inputs.bytes, expected.inputs.bytes);
  EXPECT_EQ(plan.inputs.algorithm_version, 4U);
  EXPECT_FALSE(plan.cost.has_value());
  ASSERT_THAT(plan.moves, SizeIs(2));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(plan.moves[i].move, expected.moves[i].move);
    EXPECT_EQ(plan.moves[i].load_ns_per_s, expected.moves[i].load_ns_per_s);
    EXPECT_EQ(plan.moves[i].reason, expected.moves[i].reason);
    EXPECT_FALSE(plan.moves[i].outcome.has_value());
  }
  EXPECT_TRUE(absl::IsNotFound(Plan("a", Epoch(2)).status()));
  EXPECT_TRUE(absl::IsNotFound(Plan("b", Epoch(1)).status()));
}

TEST_P(StoreContractTest, AnUpdateChangesWhatItNames) {
  const auto committed = CommitNow(*store_, PlanChange("a"));
  Change change;
  change.event = SampleEvent("a", EventKind::kPlanPartial);
  Counters cost;
  cost.arrived = 1'000;
  cost.drop(DropReason::kHoldFull) = 3;
  cost.lost = 1;
  cost.reordered = 2;
  change.update = {
      .id = committed->plan_id,
      .state = PlanState::kPartial,
      .result_time = At(30),
      .rejection = "",
      .moves = {{SamplePlan("a").moves[1].move, MoveOutcome::kNotMoved,
                 std::chrono::nanoseconds(0)},
                {SamplePlan("a").moves[0].move, MoveOutcome::kMoved,
                 std::chrono::nanoseconds(400)}},
      .cost = cost};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  change.update = {.id = committed->plan_id,
                   .state = PlanState::kMeasured,
                   .imbalance_achieved = 1.07};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  const PlanRecord plan = Plan("a", Epoch(1)).value();
  EXPECT_EQ(plan.state, PlanState::kMeasured);
  EXPECT_EQ(plan.result_time, At(30));
  EXPECT_EQ(plan.imbalance_achieved, 1.07);
  EXPECT_EQ(plan.max_pause, std::chrono::nanoseconds(400));
  ASSERT_TRUE(plan.cost.has_value());
  EXPECT_EQ(plan.cost->arrived, 1'000U);
  EXPECT_EQ(plan.cost->drop(DropReason::kHoldFull), 3U);
  EXPECT_EQ(plan.cost->lost, 1U);
  EXPECT_EQ(plan.cost->reordered, 2U);
  EXPECT_EQ(plan.moves[0].outcome, MoveOutcome::kMoved);
  EXPECT_EQ(plan.moves[0].pause, std::chrono::nanoseconds(400));
  EXPECT_EQ(plan.moves[1].outcome, MoveOutcome::kNotMoved);
  EXPECT_EQ(Load().hosts[0].move_count, 1U);
}

TEST_P(StoreContractTest, AReasonIsReplacedWhenThePlanIsSettled) {
  const auto committed = CommitNow(*store_, PlanChange("a"));
  Change change;
  change.event = SampleEvent("a", EventKind::kPlanUnknown);
  change.update = {.id = committed->plan_id,
                   .state = PlanState::kUnknown,
                   .rejection = "the stream ended"};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Plan("a", Epoch(1))->rejection, "the stream ended");
  change.update->state = PlanState::kApplied;
  change.update->rejection = "";
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Plan("a", Epoch(1))->rejection, "");
}

TEST_P(StoreContractTest, EpochsRiseWithinAHostAndProposalsTakeNone) {
  Change proposal = PlanChange("a");
  proposal.plan->state = PlanState::kProposed;
  EXPECT_EQ(CommitNow(*store_, PlanChange("a"))->epoch, Epoch(1));
  const auto proposed = CommitNow(*store_, proposal);
  EXPECT_EQ(proposed->epoch, Epoch(0));
  EXPECT_EQ(CommitNow(*store_, PlanChange("b"))->epoch, Epoch(1));
  EXPECT_EQ(CommitNow(*store_, PlanChange("a"))->epoch, Epoch(2));
  EXPECT_EQ(Proposal("a", proposed->plan_id)->state, PlanState::kProposed);
  EXPECT_TRUE(absl::IsNotFound(Proposal("b", proposed->plan_id).status()));
  EXPECT_TRUE(absl::IsNotFound(Proposal("a", 1).status()));
  const StoredState state = Load();
  ASSERT_THAT(state.open_proposals, SizeIs(1));
  EXPECT_EQ(state.open_proposals[0].id, proposed->plan_id);
  ASSERT_THAT(state.last_plans, SizeIs(2));
  for (const PlanRecord& plan : state.last_plans) {
    EXPECT_EQ(plan.epoch, plan.host == "a" ? Epoch(2) : Epoch(1));
    EXPECT_THAT(plan.moves, SizeIs(2));
  }
}

TEST_P(StoreContractTest, AChangeThatIsWrongChangesNothingAndSpoilsNoOther) {
  Change wrong = HostChange("x");
  wrong.update = {.id = 4711, .state = PlanState::kApplied};
  std::vector<std::future<absl::StatusOr<Committed>>> results;
  for (const Change& change : {HostChange("a"), wrong, HostChange("b")}) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<Committed>>>();
    results.push_back(promise->get_future());
    store_->Commit(change, [promise](absl::StatusOr<Committed> committed) {
      promise->set_value(std::move(committed));
    });
  }
  EXPECT_EQ(results[0].get()->revision, 1U);
  EXPECT_TRUE(absl::IsNotFound(results[1].get().status()));
  EXPECT_EQ(results[2].get()->revision, 2U);
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 2U);
  ASSERT_THAT(state.hosts, SizeIs(2));
  EXPECT_EQ(state.hosts[1].host, "b");
}

TEST_P(StoreContractTest, PoliciesHaveRevisionsAndTheLastOneCounts) {
  Change change;
  change.event = SampleEvent("", EventKind::kPolicyChanged);
  balance::Policy policy;
  policy.mode = balance::Mode::kAdvise;
  policy.report_interval = std::chrono::milliseconds(250);
  policy.trigger_permille = 1'234;
  policy.damping_permille = 500;
  policy.fair_queue_quantum = std::chrono::microseconds(20);
  policy.fair_queue_limit = 3'000;
  change.policy = {.policy = balance::Policy()};
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 1U);
  change.policy = {.policy = policy};
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 2U);
  const StoredState state = Load();
  ASSERT_TRUE(state.policy.has_value());
  EXPECT_EQ(state.policy->revision, 2U);
  EXPECT_EQ(state.policy->policy, policy);
  EXPECT_EQ(GetPolicy(1)->policy, balance::Policy());
  EXPECT_EQ(GetPolicy(2)->policy, policy);
  EXPECT_TRUE(absl::IsNotFound(GetPolicy(3).status()));
}

TEST_P(StoreContractTest, AHostsOwnPolicyHoldsUntilItIsWithdrawn) {
  const balance::Policy own = {.trigger_permille = 1'500};
  ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  Change change;
  change.policy = {.policy = balance::Policy()};
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 1U);
  change.policy = {.host = "a", .policy = own};
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 2U);
  StoredState state = Load();
  EXPECT_EQ(state.policy->revision, 1U);
  ASSERT_TRUE(state.hosts[0].policy.has_value());
  EXPECT_EQ(state.hosts[0].policy->revision, 2U);
  EXPECT_EQ(state.hosts[0].policy->policy, own);
  change.policy = {.host = "a", .policy = std::nullopt};
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 0U);
  state = Load();
  EXPECT_FALSE(state.hosts[0].policy.has_value());
  EXPECT_EQ(state.policy->revision, 1U);
  EXPECT_EQ(GetPolicy(2)->policy, own);
  change.policy = {.host = "b", .policy = own};
  EXPECT_TRUE(absl::IsNotFound(CommitNow(*store_, change).status()));
}

TEST_P(StoreContractTest, IntentsReplaceThoseBefore) {
  ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  ASSERT_TRUE(CommitNow(*store_, HostChange("b")).ok());
  HostIntent intent;
  intent.drained = {ProcessorId(0), ProcessorId(7)};
  intent.pins = {{BucketId(2), ProcessorId(1)}, {BucketId(9), ProcessorId(0)}};
  intent.pause = {.advise = true,
                  .reason = "roll-back",
                  .author = "user/alice",
                  .since = At(7)};
  Change change;
  change.intent = {"a", intent};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Load().hosts[0].intent, intent);
  EXPECT_EQ(Load().hosts[1].intent, HostIntent());
  ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  EXPECT_EQ(Load().hosts[0].intent, intent);
  intent = {.drained = {ProcessorId(1)}, .pins = {}, .pause = std::nullopt};
  change.intent = {"a", intent};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Load().hosts[0].intent, intent);
  change.intent = {"a", {}};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Load().hosts[0].intent, HostIntent());
  change.intent = {"nobody", {}};
  EXPECT_TRUE(absl::IsNotFound(CommitNow(*store_, change).status()));
}

TEST_P(StoreContractTest, TheFleetsPauseIsKeptUntilItGoesOn) {
  EXPECT_FALSE(Load().fleet_pause.has_value());
  const Pause pause = {
      .advise = false, .reason = "storm", .author = "x", .since = At(3)};
  Change change;
  change.fleet_pause = FleetPauseChange{pause};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Load().fleet_pause, pause);
  change.fleet_pause = FleetPauseChange{};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_FALSE(Load().fleet_pause.has_value());
}

TEST_P(StoreContractTest, AForgottenHostIsLeftOutUntilItIsBack) {
  for (const char* host : {"a", "b"}) {
    ASSERT_TRUE(CommitNow(*store_, PlanChange(host)).ok());
    ASSERT_TRUE(CommitNow(*store_, ProposalChange(host)).ok());
  }
  Change change;
  change.event = SampleEvent("a", EventKind::kHostForgotten);
  change.forget = "a";
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  const StoredState state = Load();
  ASSERT_THAT(state.hosts, SizeIs(1));
  EXPECT_EQ(state.hosts[0].host, "b");
  ASSERT_THAT(state.last_plans, SizeIs(1));
  EXPECT_EQ(state.last_plans[0].host, "b");
  ASSERT_THAT(state.open_proposals, SizeIs(1));
  EXPECT_EQ(state.open_proposals[0].host, "b");
  EXPECT_TRUE(Plan("a", Epoch(1)).ok());  // its history stays
  ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  EXPECT_THAT(Load().hosts, SizeIs(2));
  EXPECT_EQ(Load().hosts[0].last_epoch, Epoch(1));
  change.forget = "nobody";
  EXPECT_TRUE(absl::IsNotFound(CommitNow(*store_, change).status()));
}

TEST_P(StoreContractTest, ADecisionReadsBackUnderItsEventsRevision) {
  ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  const Change change = DecisionChange("a");
  EXPECT_EQ(CommitNow(*store_, change)->revision, 2U);
  const DecisionRecord decision = GetDecision("a", 2).value();
  EXPECT_EQ(decision.revision, 2U);
  EXPECT_EQ(decision.host, "a");
  EXPECT_EQ(decision.time, At(20));
  EXPECT_EQ(decision.verdict, "NOT_SIGNIFICANT");
  EXPECT_EQ(decision.reason, "noise");
  EXPECT_EQ(decision.policy_revision, 2U);
  EXPECT_EQ(decision.measurement, change.decision->measurement);
  ASSERT_TRUE(decision.inputs.has_value());
  EXPECT_EQ(decision.inputs->planner, balance::PlannerKind::kIndex);
  EXPECT_EQ(decision.inputs->algorithm_version, 4U);
  EXPECT_EQ(decision.inputs->bytes, change.decision->inputs->bytes);
  EXPECT_TRUE(absl::IsNotFound(GetDecision("b", 2).status()));
  EXPECT_TRUE(absl::IsNotFound(GetDecision("a", 1).status()));
  Change plain = change;
  plain.decision->measurement.clear();
  plain.decision->inputs.reset();
  EXPECT_EQ(CommitNow(*store_, plain)->revision, 3U);
  EXPECT_EQ(GetDecision("a", 3)->measurement, "");
  EXPECT_FALSE(GetDecision("a", 3)->inputs.has_value());
  plain.event.reset();
  EXPECT_TRUE(absl::IsInvalidArgument(CommitNow(*store_, plain).status()));
}

TEST_P(StoreContractTest, AProposalThatIsSentGetsAnEpochAndKeepsItsId) {
  ASSERT_TRUE(CommitNow(*store_, PlanChange("a")).ok());
  const std::uint64_t id = CommitNow(*store_, ProposalChange("a"))->plan_id;
  ASSERT_TRUE(CommitNow(*store_, PlanChange("a")).ok());  // a newer id
  Change change;
  change.event = SampleEvent("a", EventKind::kPlanSent);
  change.update = {.id = id, .state = PlanState::kSent, .term = Term(9)};
  EXPECT_EQ(CommitNow(*store_, change)->epoch, Epoch(3));
  EXPECT_EQ(Plan("a", Epoch(3))->id, id);
  EXPECT_EQ(Plan("a", Epoch(3))->term, Term(9));
  EXPECT_EQ(Proposal("a", id)->epoch, Epoch(3));
  EXPECT_EQ(Proposal("a", id)->state, PlanState::kSent);
  const StoredState state = Load();
  EXPECT_TRUE(state.open_proposals.empty());
  ASSERT_THAT(state.last_plans, SizeIs(1));
  EXPECT_EQ(state.last_plans[0].id, id);
  EXPECT_EQ(state.hosts[0].plan_count, 3U);
  EXPECT_TRUE(absl::IsInvalidArgument(CommitNow(*store_, change).status()));
  EXPECT_EQ(Load().hosts[0].last_epoch, Epoch(3));
}

TEST_P(StoreContractTest, MovesOfAnOldProposalAreRecentWhenItWasAnsweredSo) {
  const std::uint64_t id = CommitNow(*store_, ProposalChange("a"))->plan_id;
  Change change;
  change.update = {
      .id = id,
      .state = PlanState::kApplied,
      .term = Term(1),
      .result_time = At(90),
      .moves = {{SamplePlan("a").moves[0].move, MoveOutcome::kMoved, {}}}};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_THAT(Load(At(80)).recent_moves, SizeIs(1));
  EXPECT_TRUE(Load(At(91)).recent_moves.empty());
}

TEST_P(StoreContractTest, WhyAndHowWellReadBack) {
  const std::uint64_t id = CommitNow(*store_, PlanChange("a"))->plan_id;
  EXPECT_EQ(Plan("a", Epoch(1))->verdict, "IMBALANCE");
  EXPECT_EQ(Plan("a", Epoch(1))->planner_reason, "every quota is met");
  EXPECT_TRUE(Plan("a", Epoch(1))->utilization_achieved.empty());
  Change change;
  change.update = {.id = id,
                   .state = PlanState::kMeasured,
                   .utilization_achieved = {0.1 + 0.2, 0.5}};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_THAT(Plan("a", Epoch(1))->utilization_achieved,
              ElementsAre(0.1 + 0.2, 0.5));
}

TEST_P(StoreContractTest, EveryChangeTakesARevisionAlsoWithoutAnEvent) {
  EXPECT_EQ(CommitNow(*store_, HostChange("a"))->revision, 1U);
  EXPECT_EQ(CommitNow(*store_, AuditChange("x"))->revision, 2U);
  EXPECT_EQ(CommitNow(*store_, HostChange("a"))->revision, 3U);
  EXPECT_EQ(Load().revision, 3U);
  EXPECT_THAT(EventsBefore({}), ElementsAre(3, 1));
}

TEST_P(StoreContractTest, TheAuditIsAChain) {
  EXPECT_EQ(Load().head, AuditHead());
  for (const char* resource : {"one", "two", "three"}) {
    Change change = HostChange("a");
    change.audit = SampleAudit(resource);
    ASSERT_TRUE(CommitNow(*store_, change).ok());
    ASSERT_TRUE(CommitNow(*store_, HostChange("a")).ok());
  }
  const std::vector<AuditRecord> records = AuditAfter(0, 10);
  ASSERT_THAT(records, SizeIs(3));
  AuditHead head;
  EXPECT_TRUE(ContinueChain(records, head).ok());
  EXPECT_EQ(head, Load().head);
  EXPECT_EQ(CommitNow(*store_, HostChange("a"))->head, head);
  EXPECT_NE(CommitNow(*store_, AuditChange("four"))->head, head);
  const AuditRecord& second = records[1];
  const AuditRecord expected = SampleAudit("two");
  EXPECT_EQ(second.sequence, 2U);
  EXPECT_EQ(second.revision, 3U);
  EXPECT_EQ(second.time, expected.time);
  EXPECT_EQ(second.caller, expected.caller);
  EXPECT_EQ(second.role, expected.role);
  EXPECT_EQ(second.method, expected.method);
  EXPECT_EQ(second.resource, "two");
  EXPECT_EQ(second.outcome, expected.outcome);
  EXPECT_EQ(second.error, expected.error);
  EXPECT_EQ(second.reason, expected.reason);
  EXPECT_EQ(second.request_id, expected.request_id);
  EXPECT_EQ(second.before, expected.before);
  EXPECT_EQ(second.after, expected.after);
}

TEST_P(StoreContractTest, TheAuditComesInPagesBothWays) {
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(CommitNow(*store_, AuditChange("x")).ok());
  }
  EXPECT_THAT(Sequences(AuditAfter(0, 2)), ElementsAre(1, 2));
  EXPECT_THAT(Sequences(AuditAfter(2, 9)), ElementsAre(3, 4));
  EXPECT_THAT(Sequences(AuditAfter(4, 9)), ElementsAre());
  EXPECT_THAT(Sequences(AuditBefore(0, 3)), ElementsAre(4, 3, 2));
  EXPECT_THAT(Sequences(AuditBefore(2, 9)), ElementsAre(1));
}

TEST_P(StoreContractTest, AKnownRequestChangesNothing) {
  Change change = HostChange("a");
  change.audit = SampleAudit("one");
  change.request = SampleRequest("id", At(50));
  const Committed committed = CommitNow(*store_, change).value();
  Change again = PlanChange("b");
  again.audit = SampleAudit("two");
  again.request = SampleRequest("id", At(51));
  EXPECT_TRUE(absl::IsAlreadyExists(CommitNow(*store_, again).status()));
  const StoredState state = Load();
  EXPECT_EQ(state.revision, 1U);
  EXPECT_EQ(state.head, committed.head);
  EXPECT_THAT(state.hosts, SizeIs(1));
  const RequestRecord found = Request("user/alice", "id").value();
  EXPECT_EQ(found.caller, "user/alice");
  EXPECT_EQ(found.request_id, "id");
  EXPECT_EQ(found.time, At(50));
  EXPECT_EQ(found.method, change.request->method);
  EXPECT_EQ(found.request_hash, change.request->request_hash);
  EXPECT_EQ(found.subject, change.request->subject);
  EXPECT_EQ(found.revision, 1U);
  EXPECT_EQ(found.head, committed.head);
  EXPECT_TRUE(absl::IsNotFound(Request("user/bob", "id").status()));
  again.request->caller = "user/bob";
  EXPECT_TRUE(CommitNow(*store_, again).ok());
}

TEST_P(StoreContractTest, ARequestIdIsFreeAgainAfterADay) {
  constexpr int kDay = 24 * 3'600;
  Change change;
  change.request = SampleRequest("id", At(0));
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  change.request->time = At(kDay);
  EXPECT_TRUE(absl::IsAlreadyExists(CommitNow(*store_, change).status()));
  change.request->time = At(kDay + 1);
  EXPECT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(Request("user/alice", "id")->time, At(kDay + 1));
}

TEST_P(StoreContractTest, AdoptingSetsTheTermWhichNeverFalls) {
  Change change;
  change.event = SampleEvent("", EventKind::kControllerAdopted);
  change.adopt = Term(7);
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  EXPECT_EQ(store_->identity().term, Term(7));
  EXPECT_EQ(store_->identity().adopted_term, Term(7));
  EXPECT_EQ(store_->identity().fenced, "");
  change.adopt = Term(6);
  EXPECT_TRUE(absl::IsInvalidArgument(CommitNow(*store_, change).status()));
  EXPECT_EQ(store_->identity().term, Term(7));
}

TEST_P(StoreContractTest, SamplesReadBackInPages) {
  for (int i = 0; i < 5; ++i) {
    store_->Append(SampleProcessors("a", At(i)));
    store_->Append(SampleProcessors("b", At(i)));
    store_->Append(SampleBuckets("a", At(i)));
  }
  EXPECT_THAT(ProcessorTimes({.host = "a"}), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(ProcessorTimes({.host = "a", .from = At(1), .to = At(3)}),
              ElementsAre(1, 2));
  EXPECT_THAT(ProcessorTimes({.host = "c"}), ElementsAre());
  SamplePage page = {.host = "a", .limit = 2};
  std::vector<int> times;
  for (;;) {
    const auto rows = ProcessorRows(page);
    for (const auto& row : rows) times.push_back(Seconds(row.sample.time));
    if (rows.size() < page.limit) break;
    page.after = rows.back().row;
  }
  EXPECT_THAT(times, ElementsAre(0, 1, 2, 3, 4));
  const StoredProcessorSample first = ProcessorRows({.host = "a"}).at(0);
  EXPECT_EQ(first.sample.host, "a");
  EXPECT_EQ(first.sample.term, Term(3));
  EXPECT_EQ(first.sample.epoch, Epoch(4));
  EXPECT_EQ(first.sample.interval, std::chrono::seconds(1));
  ASSERT_THAT(first.sample.processors, SizeIs(3));
  EXPECT_EQ(first.sample.processors[1].busy, std::chrono::milliseconds(700));
  using Rows = std::vector<StoredBucketSample>;
  const auto buckets = Await<Rows>([&](Store::Callback<Rows> callback) {
    store_->ListBucketSamples({.host = "a", .from = At(4)},
                              std::move(callback));
  });
  ASSERT_THAT(*buckets, SizeIs(1));
  EXPECT_EQ(buckets->at(0).sample.time, At(4));
  EXPECT_EQ(buckets->at(0).sample.buckets.at(0).load_ns_per_s, 7U);
}

TEST_P(StoreContractTest, SamplesRollUpToMinutesAndHours) {
  for (int i = 3'420; i <= 3'660; i += 30) {
    store_->Append(SampleProcessors("a", At(i)));
    store_->Append(SampleProcessors("b", At(i)));
  }
  const auto minute = RollUpPeriod::kMinute;
  EXPECT_THAT(RollUpTimes(minute, {.host = "a"}),
              ElementsAre(3'420, 3'480, 3'540, 3'600));
  EXPECT_THAT(
      RollUpTimes(minute, {.host = "a", .from = At(3'480), .to = At(3'540)}),
      ElementsAre(3'480));
  EXPECT_THAT(RollUpTimes(minute, {.host = "c"}), ElementsAre());
  SamplePage page = {.host = "a", .limit = 3};
  page.after = RollUps(minute, page).back().row;
  EXPECT_THAT(RollUpTimes(minute, page), ElementsAre(3'600));
  const auto hours = RollUps(RollUpPeriod::kHour, {.host = "a"});
  ASSERT_THAT(hours, SizeIs(2));
  const LoadRollUp& first = hours[0].roll_up;
  EXPECT_EQ(first.host, "a");
  EXPECT_EQ(first.time, At(0));
  EXPECT_EQ(first.reports, 6U);
  EXPECT_EQ(first.interval, std::chrono::seconds(6));
  ASSERT_THAT(first.processors, SizeIs(3));
  EXPECT_EQ(first.processors[1].busy, std::chrono::milliseconds(4'200));
  EXPECT_EQ(first.processors[1].capacity, std::chrono::seconds(6));
  EXPECT_EQ(first.processors[1].max_utilization_permille, 700U);
  EXPECT_EQ(hours[1].roll_up.time, At(3'600));
  EXPECT_EQ(hours[1].roll_up.reports, 2U);
}

TEST_P(StoreContractTest, PlansComeInPages) {
  for (const char* host : {"a", "b", "a", "a"}) {
    ASSERT_TRUE(CommitNow(*store_, PlanChange(host)).ok());
  }
  EXPECT_THAT(PlanIds({}), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(PlanIds({.host = "a", .before = 0, .limit = 2}),
              ElementsAre(4, 3));
  EXPECT_THAT(PlanIds({.host = "a", .before = 3, .limit = 2}), ElementsAre(1));
  EXPECT_THAT(PlanIds({.host = "c", .before = 0, .limit = 2}), ElementsAre());
}

TEST_P(StoreContractTest, EventsComeInPagesBothWays) {
  for (const char* host : {"a", "b", "a", "a"}) {
    ASSERT_TRUE(CommitNow(*store_, HostChange(host)).ok());
  }
  EXPECT_THAT(EventsBefore({}), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(EventsBefore({.host = "a", .before = 4, .limit = 1}),
              ElementsAre(3));
  EXPECT_THAT(EventsAfter("", 1, 2), ElementsAre(2, 3));
  EXPECT_THAT(EventsAfter("a", 1, 10), ElementsAre(3, 4));
  EXPECT_THAT(EventsAfter("", 4, 10), ElementsAre());
}

TEST_P(StoreContractTest, AnEventReadsBackAndNamesANewPlan) {
  ASSERT_TRUE(CommitNow(*store_, PlanChange("a")).ok());
  const auto events = Await<std::vector<Event>>(
      [&](Store::Callback<std::vector<Event>> callback) {
        store_->ListEvents({}, std::move(callback));
      });
  ASSERT_THAT(*events, SizeIs(1));
  EXPECT_EQ(events->at(0).time, At(20));
  EXPECT_EQ(events->at(0).host, "a");
  EXPECT_EQ(events->at(0).kind, EventKind::kPlanSent);
  EXPECT_EQ(events->at(0).message, "hosts/a/plans/1: what happened");
}

TEST_P(StoreContractTest, RecentMovesAreThoseThatWereMade) {
  const auto committed = CommitNow(*store_, PlanChange("a"));
  EXPECT_TRUE(Load().recent_moves.empty());
  Change change;
  change.event = SampleEvent("a", EventKind::kPlanPartial);
  change.update = {
      .id = committed->plan_id,
      .state = PlanState::kPartial,
      .moves = {{SamplePlan("a").moves[0].move, MoveOutcome::kMoved, {}},
                {SamplePlan("a").moves[1].move, MoveOutcome::kNotMoved, {}}}};
  ASSERT_TRUE(CommitNow(*store_, change).ok());
  const StoredState state = Load(At(10));
  ASSERT_THAT(state.recent_moves, SizeIs(1));
  EXPECT_EQ(state.recent_moves[0].host, "a");
  EXPECT_EQ(state.recent_moves[0].move, SamplePlan("a").moves[0].move);
  EXPECT_EQ(state.recent_moves[0].time, At(10));
  EXPECT_TRUE(Load(At(11)).recent_moves.empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContractTest,
                         testing::Values(MakeMemory, MakeSqlite),
                         [](const auto& param_info) {
                           return param_info.index == 0 ? "memory" : "sqlite";
                         });

}  // namespace
}  // namespace lb::controller
