// The loop closed over simulated hosts whose load follows their table.
#include <functional>
#include <random>

#include "controller/core/planner_inputs.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

// A second of the host's life: it reports, and applies what it is sent.
void Live(ControllerHarness& harness, SimulatedHost& host,
          const ControllerHarness::Stream& stream) {
  harness.Report(host, stream);
  harness.ApplyPlan(host, stream);
}

class SkewTest : public testing::TestWithParam<double> {};

TEST_P(SkewTest, ImbalanceFallsAndStaysAndEveryPlanIsMeasured) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, SkewedLoads(1'024, 4, 2.0, GetParam()));
  const auto stream = harness.Connect(host);
  ASSERT_GT(host.TrueImbalance(), 1.3);
  double last = host.TrueImbalance();
  for (int i = 0; i < 120; ++i) {
    Live(harness, host, stream);
    EXPECT_LE(host.TrueImbalance(), last + 1e-9) << "second " << i;
    last = host.TrueImbalance();
  }
  const balance::Policy policy;
  EXPECT_LE(last * 1'000, policy.trigger_permille);
  const std::size_t plans = harness.store.plans().size();
  EXPECT_GT(plans, 0U);
  for (const PlanRecord& plan : harness.store.plans()) {
    EXPECT_EQ(plan.state, PlanState::kMeasured) << PlanName(plan);
    EXPECT_NEAR(*plan.imbalance_achieved, plan.imbalance_predicted, 0.05);
    EXPECT_LE(plan.moves.size(), 51U);
  }
  for (int i = 0; i < 60; ++i) Live(harness, host, stream);
  EXPECT_EQ(harness.store.plans().size(), plans);
  EXPECT_THAT(harness.View(host).reason, HasSubstr("EVEN"));
}

INSTANTIATE_TEST_SUITE_P(Shares, SkewTest, testing::Values(0.35, 0.4, 0.48));

TEST(ClosedLoop, EveryDecisionCanBeReplayed) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.45));
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 60; ++i) Live(harness, host, stream);
  ASSERT_FALSE(harness.store.plans().empty());
  for (const PlanRecord& plan : harness.store.plans()) {
    const auto inputs = ParsePlannerInputs(plan.inputs.bytes);
    ASSERT_TRUE(inputs.ok()) << inputs.status();
    const auto planner = balance::MakePlanner(plan.inputs.planner).value();
    ASSERT_EQ(planner->algorithm_version(), plan.inputs.algorithm_version);
    const auto replayed =
        planner->Propose(inputs->snapshot, inputs->request).value();
    EXPECT_EQ(replayed.assignment, plan.table.owner);
    EXPECT_EQ(replayed.imbalance_after, plan.imbalance_predicted);
  }
}

// One bucket of 0.9 CPUs beside many light ones: whatever is planned around it,
// it is told of once.
TEST(ClosedLoop, AnElephantIsToldOfOnce) {
  ControllerHarness harness;
  std::vector<std::uint64_t> loads(256, 3'000'000);
  loads[8] = 900'000'000;
  SimulatedHost host("a", 4, std::move(loads));
  std::vector<std::uint32_t> told;
  harness.core->fleet.set_on_unsplittable(
      [&told](const std::string& name, BucketId bucket, double bound) {
        EXPECT_EQ(name, "a");
        EXPECT_GT(bound, 1.5);
        told.push_back(bucket.value());
      });
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 60; ++i) Live(harness, host, stream);
  EXPECT_FALSE(harness.store.plans().empty());
  EXPECT_THAT(told, testing::ElementsAre(8U));
}

TEST(ClosedLoop, AnEvenHostIsNeverPlanned) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, std::vector<std::uint64_t>(1'024, 2'000'000));
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 300; ++i) Live(harness, host, stream);
  EXPECT_TRUE(harness.store.plans().empty());
  EXPECT_EQ(harness.View(host).state, HostState::kActive);
  // Why not is said once, not three hundred times.
  EXPECT_LE(harness.store.Count(EventKind::kNotPlanned), 2U);
}

TEST(ClosedLoop, TelemetryIsKeptOfEveryReportAndBucketsNowAndThen) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, std::vector<std::uint64_t>(64, 20'000'000));
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 40; ++i) Live(harness, host, stream);
  EXPECT_EQ(harness.store.processor_samples(), 40U);
  EXPECT_EQ(harness.store.bucket_samples().size(), 4U);
  // A decision brings one of its own.
  host.loads = SkewedLoads(64, 4, 2.0, 0.6);
  const std::size_t before = harness.store.bucket_samples().size();
  ASSERT_TRUE(harness.ReportUntilPlan(host, stream).has_value());
  EXPECT_GT(harness.store.bucket_samples().size(), before);
}

struct Frozen {
  const char* name;
  balance::Policy policy;
  std::function<void(SimulatedHost&)> spoil;
  const char* code;
  HostState state;
};

balance::Policy With(std::function<void(balance::Policy&)> change) {
  balance::Policy policy;
  change(policy);
  return policy;
}

class NotPlannedTest : public testing::TestWithParam<Frozen> {};

TEST_P(NotPlannedTest, SaysWhyAndRecordsItOnce) {
  ControllerHarness harness(GetParam().policy);
  SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.6));
  GetParam().spoil(host);
  const auto stream = harness.Connect(host);
  EXPECT_FALSE(harness.ReportUntilPlan(host, stream, 20).has_value());
  const HostView view = harness.View(host);
  EXPECT_THAT(view.reason, HasSubstr(GetParam().code));
  EXPECT_EQ(view.state, GetParam().state);
  std::size_t recorded = 0;
  for (const Event& event : harness.store.events()) {
    if (event.kind == EventKind::kNotPlanned &&
        event.message.find(GetParam().code) != std::string::npos) {
      ++recorded;
    }
  }
  EXPECT_EQ(recorded, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    All, NotPlannedTest,
    testing::Values(
        Frozen{"warming_up",
               With([](balance::Policy& p) { p.warm_up = seconds(3'600); }),
               [](SimulatedHost&) {}, "WARMING_UP", HostState::kFrozen},
        Frozen{"input_bound", balance::Policy(),
               [](SimulatedHost& host) {
                 host.dispatcher_busy_per_s = milliseconds(910);
               },
               "INPUT_BOUND", HostState::kFrozen},
        Frozen{"off",
               With([](balance::Policy& p) { p.mode = balance::Mode::kOff; }),
               [](SimulatedHost&) {}, "OFF", HostState::kActive},
        Frozen{"below_floor",
               With([](balance::Policy& p) { p.floor_permille = 900; }),
               [](SimulatedHost&) {}, "BELOW_FLOOR", HostState::kActive}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ClosedLoop, ASilentHostIsStaleUntilItReportsAgain) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, std::vector<std::uint64_t>(64, 20'000'000));
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 10; ++i) Live(harness, host, stream);
  EXPECT_EQ(harness.View(host).state, HostState::kActive);
  for (int i = 0; i < 5; ++i) harness.Advance(seconds(1));
  EXPECT_EQ(harness.View(host).state, HostState::kFrozen);
  EXPECT_THAT(harness.View(host).reason, HasSubstr("STALE"));
  Live(harness, host, stream);
  EXPECT_EQ(harness.View(host).state, HostState::kActive);
}

TEST(ClosedLoop, AHostThatComesAndGoesIsNotRecordedEveryTime) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, std::vector<std::uint64_t>(64, 20'000'000));
  const auto stream = harness.Connect(host);
  const auto recorded = [&] {
    return harness.store.Count(EventKind::kNotPlanned);
  };
  for (int i = 0; i < 40; ++i) Live(harness, host, stream);
  const std::size_t before = recorded();
  // EVEN and STALE in turn, 20 times in two minutes.
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 4; ++j) harness.Advance(seconds(1));
    for (int j = 0; j < 2; ++j) Live(harness, host, stream);
  }
  EXPECT_GE(recorded(), before + 9);
  EXPECT_LE(recorded(), before + 15);
  // What lasts is recorded.
  for (int j = 0; j < 40; ++j) harness.Advance(seconds(1));
  EXPECT_THAT(harness.store.events().back().message, HasSubstr("STALE"));
  const std::size_t at_last = recorded();
  for (int j = 0; j < 40; ++j) harness.Advance(seconds(1));
  EXPECT_EQ(recorded(), at_last);
}

// How many reports it took until a plan was sent; 0: none was.
int ReportsBeforePlan(ControllerHarness& harness, SimulatedHost& host,
                      const ControllerHarness::Stream& stream) {
  for (int reports = 1; reports <= 20; ++reports) {
    harness.Report(host, stream);
    if (!stream.link->plans.empty()) return reports;
  }
  return 0;
}

// What was known of the host before counts for nothing.
TEST(ClosedLoop, AfterARestartOnlyReportsOfTheNewStreamMakeAPlan) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.6));
  const int needed = ReportsBeforePlan(harness, host, harness.Connect(host));
  ASSERT_GT(seconds(needed), balance::Policy().warm_up);
  // With the plan, which did not reach the agent.
  harness.Restart();
  host.sequence = 0;
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 20; ++i) harness.Advance(seconds(1));
  EXPECT_TRUE(stream.link->plans.empty());
  EXPECT_EQ(harness.store.plans().size(), 1U);
  EXPECT_EQ(ReportsBeforePlan(harness, host, stream), needed);
}

TEST(ClosedLoop, AReportThatMakesNoSenseFreezesTheHost) {
  ControllerHarness harness;
  SimulatedHost host("a", 4, std::vector<std::uint64_t>(64, 20'000'000));
  const auto stream = harness.Connect(host);
  for (int i = 0; i < 10; ++i) Live(harness, host, stream);
  SimulatedHost broken = host;
  broken.layout.processors.pop_back();
  for (ProcessorId& owner : broken.table.owner) owner = ProcessorId(0);
  harness.Report(broken, stream);
  EXPECT_THAT(harness.View(host).reason, HasSubstr("NONSENSICAL"));
  EXPECT_EQ(harness.View(host).state, HostState::kFrozen);
}

// A planner that gives what it is told to.
class FakePlanner final : public balance::Planner {
 public:
  explicit FakePlanner(const balance::Proposal& proposal)
      : proposal_(proposal) {}
  balance::PlannerKind kind() const override {
    return balance::PlannerKind::kIndex;
  }
  std::uint32_t algorithm_version() const override { return 77; }
  absl::StatusOr<balance::Proposal> Propose(
      const balance::Snapshot&, const balance::PlanRequest&) const override {
    return proposal_;
  }

 private:
  const balance::Proposal& proposal_;
};

class FakePlannerTest : public testing::Test {
 protected:
  FakePlannerTest() {
    proposal_.assignment = host_.table.owner;
    proposal_.assignment[0] = ProcessorId(1);
    proposal_.moves.push_back(
        {{BucketId(0), ProcessorId(0), ProcessorId(1)}, 5, "because"});
    proposal_.imbalance_before = 2;
    proposal_.imbalance_after = 1.5;
    stream_ = harness_.Connect(host_);
  }

  SimulatedHost host_{"a", 4, SkewedLoads(64, 4, 2.0, 0.6)};
  balance::Proposal proposal_;
  ControllerHarness harness_{std::nullopt, [this](balance::PlannerKind) {
                               return std::unique_ptr<balance::Planner>(
                                   std::make_unique<FakePlanner>(proposal_));
                             }};
  ControllerHarness::Stream stream_;
};

TEST_F(FakePlannerTest, ItsPlanIsSentAndItsVersionKept) {
  const auto plan = harness_.ReportUntilPlan(host_, stream_);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->plan.table.owner, proposal_.assignment);
  EXPECT_EQ(harness_.store.plans()[0].inputs.algorithm_version, 77U);
  EXPECT_EQ(harness_.store.plans()[0].moves[0].reason, "because");
}

TEST_F(FakePlannerTest, AProposalThatIsNotSoundIsNeverSent) {
  const balance::Proposal sound = proposal_;
  const std::vector<std::function<void()>> spoils = {
      [&] { proposal_.assignment.pop_back(); },
      [&] { proposal_.assignment[0] = ProcessorId(4); },
      [&] { proposal_.assignment[1] = ProcessorId(2); },
      [&] { proposal_.moves.push_back(proposal_.moves[0]); }};
  for (std::size_t i = 0; i < spoils.size(); ++i) {
    proposal_ = sound;
    spoils[i]();
    EXPECT_FALSE(harness_.ReportUntilPlan(host_, stream_, 10).has_value()) << i;
    EXPECT_THAT(harness_.View(host_).reason, HasSubstr("PLANNER_FAILED"));
    EXPECT_EQ(harness_.View(host_).state, HostState::kFrozen);
  }
  EXPECT_TRUE(harness_.store.plans().empty());
}

}  // namespace
}  // namespace lb::controller
