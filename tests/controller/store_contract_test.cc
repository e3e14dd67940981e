// What every Store does: the one that ships, and the one that tests of core
// trust in its place.
#include <filesystem>
#include <functional>
#include <memory>

#include "controller/store/sqlite_store.h"
#include "gmock/gmock.h"
#include "tests/controller/store_samples.h"
#include "tests/controller/temporary_directory.h"
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
  return SqliteStore::Open(directory, executor, SystemClock()).value();
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
  change.policy = balance::Policy();
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 1U);
  change.policy = policy;
  EXPECT_EQ(CommitNow(*store_, change)->policy_revision, 2U);
  const StoredState state = Load();
  ASSERT_TRUE(state.policy.has_value());
  EXPECT_EQ(state.policy->revision, 2U);
  EXPECT_EQ(state.policy->policy, policy);
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
