#include "sim/simulation.h"

#include <memory>

#include "balance/index_planner.h"
#include "gtest/gtest.h"

namespace lb::sim {
namespace {

Scenario Skewed() {
  Scenario s;
  s.processors = 4;
  s.buckets = 256;
  s.load_permille = 800;
  s.connections = 500;
  s.service = Microseconds(200);
  s.duration = Milliseconds(40'000);
  s.ignored = Milliseconds(15'000);
  return s;
}

RunResult Play(const Scenario& scenario, const balance::Planner* planner,
               std::uint64_t seed = 1) {
  auto result = Simulate(scenario, balance::Policy(), planner, seed);
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->packets.arrived, result->packets.served +
                                         result->packets.dropped_total() +
                                         result->queued);
  EXPECT_EQ(result->packets.reordered, 0U);
  return *std::move(result);
}

// Mean latency of a queue with Poisson arrivals by Pollaczek and Khinchine:
// S + rho S (1 + cv^2) / (2 (1 - rho)), cv that of the service times.
TEST(Simulation, QueuesAsTheoryHasIt) {
  Scenario s;
  s.processors = 1;
  s.buckets = 64;
  s.connections = 100;
  s.queue = QueueKind::kFifo;
  s.buffer_packets = 65'536;
  s.service = Microseconds(100);
  s.load_permille = 800;
  s.duration = Milliseconds(200'000);
  s.ignored = Milliseconds(1'000);
  EXPECT_NEAR(Play(s, nullptr).latency.Mean(), 300'000, 6'000);
  s.service_times = ServiceTimes::kExponential;
  EXPECT_NEAR(Play(s, nullptr).latency.Mean(), 500'000, 20'000);
  // The mean does not depend on the order, if that heeds no service times.
  s.service_times = ServiceTimes::kFixed;
  s.queue = QueueKind::kFair;
  EXPECT_NEAR(Play(s, nullptr).latency.Mean(), 300'000, 6'000);
}

TEST(Simulation, APlannerEvensOut) {
  const balance::IndexPlanner planner;
  for (const QueueKind queue : {QueueKind::kFair, QueueKind::kFifo}) {
    Scenario s = Skewed();
    s.queue = queue;
    const Figures fixed = FiguresOf(Play(s, nullptr), s.ignored.count());
    const Figures planned = FiguresOf(Play(s, &planner), s.ignored.count());
    EXPECT_GT(fixed.imbalance, 1.2);
    EXPECT_LT(planned.imbalance, 1.1);
    EXPECT_LT(planned.drops, fixed.drops / 10);
    EXPECT_LT(planned.p99_ms, fixed.p99_ms);
    EXPECT_EQ(fixed.moves, 0);
    EXPECT_GT(planned.moves, 0);
  }
}

TEST(Simulation, EqualSeedsGiveEqualResults) {
  const balance::IndexPlanner planner;
  const Scenario s = Skewed();
  const RunResult a = Play(s, &planner, 7);
  const RunResult b = Play(s, &planner, 7);
  const RunResult c = Play(s, &planner, 8);
  EXPECT_EQ(a.packets.arrived, b.packets.arrived);
  EXPECT_EQ(a.latency.Mean(), b.latency.Mean());
  EXPECT_EQ(a.moves, b.moves);
  EXPECT_NE(a.packets.arrived, c.packets.arrived);
}

// What arrives is the same for all planners.
TEST(Simulation, PlannersGetTheSamePackets) {
  const balance::IndexPlanner planner;
  const Scenario s = Skewed();
  EXPECT_EQ(Play(s, &planner).packets.arrived,
            Play(s, nullptr).packets.arrived);
}

// To the packet: the same on every machine and build.
TEST(Simulation, IsTheSameEverywhere) {
  const RunResult r = Play(Skewed(), nullptr);
  EXPECT_EQ(r.packets.arrived, 640'866U);
  EXPECT_EQ(r.packets.dropped_total(), 3'797U);
  EXPECT_EQ(r.latency.Quantile(950), 281'018'367);
}

TEST(Simulation, ADrainedProcessorIsEmptied) {
  const balance::IndexPlanner planner;
  Scenario s = Skewed();
  s.load_permille = 400;
  s.happenings = {{.kind = HappeningKind::kDrain,
                   .at = Milliseconds(15'000),
                   .processor = 1}};
  const RunResult r = Play(s, &planner);
  EXPECT_EQ(r.packets.dropped_total(), 0U);
  EXPECT_GE(r.moves, 64U);
}

TEST(Simulation, ASlowCpuLosesItsShare) {
  const balance::IndexPlanner planner;
  Scenario s = Skewed();
  s.load_permille = 500;
  s.happenings = {{.kind = HappeningKind::kCapacity,
                   .at = Milliseconds(15'000),
                   .processor = 1,
                   .permille = 200}};
  const RunResult r = Play(s, &planner);
  EXPECT_GT(r.seconds[0][15].imbalance, 2);
  EXPECT_LT(r.seconds[0].back().imbalance, 1.3);
  EXPECT_EQ(r.seconds[0].back().dropped, 0U);
}

TEST(Simulation, AFailedProcessorsBucketsGoElsewhere) {
  const balance::IndexPlanner planner;
  Scenario s = Skewed();
  s.load_permille = 400;
  s.happenings = {{.kind = HappeningKind::kFail,
                   .at = Milliseconds(20'000),
                   .processor = 1},
                  {.kind = HappeningKind::kReturn,
                   .at = Milliseconds(30'000),
                   .processor = 1}};
  const RunResult r = Play(s, &planner);
  EXPECT_GT(r.packets.dropped[static_cast<int>(DropReason::kTakeover)], 0U);
  EXPECT_EQ(r.seconds[0][25].dropped, 0U);
  EXPECT_LT(r.seconds[0].back().imbalance, 1.5);  // it works again
}

TEST(Simulation, HostsAreDifferent) {
  Scenario s = Skewed();
  s.hosts = 2;
  const RunResult r = Play(s, nullptr);
  ASSERT_EQ(r.seconds.size(), 2U);
  EXPECT_NE(r.seconds[0][20].imbalance, r.seconds[1][20].imbalance);
}

TEST(Simulation, RefusesWhatIsNotValid) {
  Scenario s;
  s.processors = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(
      Simulate(s, balance::Policy(), nullptr, 1).status()));
  balance::Policy policy;
  policy.target_permille = 1;
  EXPECT_TRUE(absl::IsInvalidArgument(
      Simulate(Scenario(), policy, nullptr, 1).status()));
}

}  // namespace
}  // namespace lb::sim
