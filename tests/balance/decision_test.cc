#include "balance/decision.h"

#include <cmath>
#include <functional>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/balance/random_snapshot.h"

namespace lb::balance {
namespace {

using ::testing::HasSubstr;

ProcessorMeasurement At(double mean, double sd = 0.1, double r = 0,
                        std::uint64_t count = 500) {
  ProcessorMeasurement p;
  p.samples = {count, mean, sd, r};
  p.buckets = 16;
  return p;
}

HostMeasurement Host(std::vector<ProcessorMeasurement> processors) {
  HostMeasurement m;
  m.processors = std::move(processors);
  m.current_table = true;
  return m;
}

// Imbalance 1.4.
HostMeasurement Skewed() { return Host({At(0.7), At(0.5), At(0.4), At(0.4)}); }

TEST(Decide, ActsOnTheSecondReportOverTheTrigger) {
  const Decision once = Decide(Policy{}, Skewed(), 0);
  EXPECT_EQ(once.verdict, Verdict::kOnce);
  EXPECT_FALSE(once.act);
  EXPECT_EQ(once.over_trigger, 1u);
  const Decision twice = Decide(Policy{}, Skewed(), once.over_trigger);
  EXPECT_EQ(twice.verdict, Verdict::kImbalance);
  EXPECT_TRUE(twice.act);
  EXPECT_DOUBLE_EQ(twice.system_utilization, 0.5);
  EXPECT_DOUBLE_EQ(twice.imbalance, 1.4);
  EXPECT_THAT(twice.reason, HasSubstr("imbalance 1.400 is over 1.100"));
  // Starts anew once it was even.
  HostMeasurement even = Host({At(0.5), At(0.5)});
  EXPECT_EQ(Decide(Policy{}, even, 2).over_trigger, 0u);
}

struct Case {
  const char* name;
  std::function<void(Policy&, HostMeasurement&)> change;
  Verdict verdict;
};

// Each of a host that would be acted on otherwise.
TEST(Decide, HasAReasonForEveryVerdict) {
  const Case cases[] = {
      {"unchanged", [](auto&, auto&) {}, Verdict::kImbalance},
      {"advise plans too", [](auto& p, auto&) { p.mode = Mode::kAdvise; },
       Verdict::kImbalance},
      {"off", [](auto& p, auto&) { p.mode = Mode::kOff; }, Verdict::kOff},
      {"in flight", [](auto&, auto& m) { m.plan_in_flight = true; },
       Verdict::kPlanInFlight},
      {"stale", [](auto&, auto& m) { m.stale = true; }, Verdict::kStale},
      {"nonsense", [](auto&, auto& m) { m.nonsense = "no time passed"; },
       Verdict::kNonsensical},
      {"warming up", [](auto&, auto& m) { m.warming_up = true; },
       Verdict::kWarmingUp},
      {"input bound", [](auto&, auto& m) { m.input_bound = true; },
       Verdict::kInputBound},
      {"other table", [](auto&, auto& m) { m.current_table = false; },
       Verdict::kOtherTable},
      {"no samples", [](auto&, auto& m) { m.processors[1].samples.count = 0; },
       Verdict::kOtherTable},
      {"floor", [](auto& p, auto&) { p.floor_permille = 501; },
       Verdict::kBelowFloor},
      {"trigger", [](auto& p, auto&) { p.trigger_permille = 1'401; },
       Verdict::kEven},
      {"bound", [](auto&, auto& m) { m.bound = 1.3; }, Verdict::kEven},
      {"noise",
       [](auto&, auto& m) {
         m.processors[0].samples = {20, .7, .4, 0};
       },
       Verdict::kNotSignificant},
      {"autocorrelation",
       [](auto&, auto& m) {
         m.processors[0].samples = {500, .7, .5, .95};
       },
       Verdict::kNotSignificant},
      {"one sample",
       [](auto&, auto& m) {
         m.processors[0].samples = {1, .7, 0, 0};
       },
       Verdict::kNotSignificant},
      {"empty processor",
       [](auto& p, auto& m) {
         p.floor_permille = 1'000;
         m.processors[3].buckets = 0;
       },
       Verdict::kEmptyProcessor},
      {"drained, whatever the mode",
       [](auto& p, auto& m) {
         p.mode = Mode::kOff;
         m.processors[3].in_service = false;
       },
       Verdict::kEvacuate},
      {"stalled",
       [](auto&, auto& m) {
         m.processors[3].in_service = false;
         m.processors[3].stalled = true;
       },
       Verdict::kEvacuate},
      {"stalled, but off",
       [](auto& p, auto& m) {
         p.mode = Mode::kOff;
         m.processors[3].in_service = false;
         m.processors[3].stalled = true;
       },
       Verdict::kOff},
      {"drained, one plan at a time",
       [](auto&, auto& m) {
         m.plan_in_flight = true;
         m.processors[3].in_service = false;
       },
       Verdict::kPlanInFlight},
      {"drained, the rest is pinned",
       [](auto&, auto& m) {
         m.processors[3].in_service = false;
         m.processors[3].pinned = m.processors[3].buckets;
       },
       Verdict::kImbalance},
      {"drained and empty",
       [](auto&, auto& m) {
         m.processors[3].in_service = false;
         m.processors[3].buckets = 0;
       },
       Verdict::kImbalance},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Policy policy;
    HostMeasurement m = Skewed();
    c.change(policy, m);
    const Decision d = Decide(policy, m, 1);
    EXPECT_EQ(VerdictName(d.verdict), VerdictName(c.verdict));
    EXPECT_EQ(d.act, IsAct(c.verdict));
    EXPECT_NE(d.reason, "");
    EXPECT_EQ(d.reason.find('\n'), std::string::npos);
  }
}

TEST(Decide, CapacitiesCount) {
  // 0.5 of a whole CPU and 0.25 of half a one are the same utilization.
  HostMeasurement m = Host({At(0.5), At(0.25)});
  m.processors[1].capacity_permille = 500;
  const Decision even = Decide(Policy{}, m, 1);
  EXPECT_EQ(even.verdict, Verdict::kEven);
  EXPECT_DOUBLE_EQ(even.imbalance, 1);
  m.processors[1].samples.mean = 0.4;
  const Decision d = Decide(Policy{}, m, 1);
  EXPECT_EQ(d.verdict, Verdict::kImbalance);
  EXPECT_DOUBLE_EQ(d.imbalance, 0.8 / 0.6);
  // The error is in parts of U as well: 0.1 / sqrt(500) / 0.5 / 0.6.
  EXPECT_NEAR(d.standard_error, 0.014907, 1e-6);
}

TEST(Decide, ABusyHostIsPlannedSooner) {
  // Imbalance 1.08: nothing at half load, queues at nine tenths.
  EXPECT_EQ(Decide(Policy{}, Host({At(0.54), At(0.46)}), 1).verdict,
            Verdict::kEven);
  EXPECT_EQ(Decide(Policy{}, Host({At(0.972), At(0.828)}), 1).verdict,
            Verdict::kImbalance);
}

TEST(Decide, ThresholdsAreTightWhereTheBoundIsNearSaturation) {
  // A bucket of 0.95 cannot be split. Half of the 0.05 it leaves are gone at
  // 0.975, which is but 1.026 times the bound; a third of the way to 1.1 is
  // not.
  HostMeasurement m = Host({At(0.99, 0.01), At(0.3), At(0.3), At(0.3)});
  m.bound = 0.95 / 0.4725;
  EXPECT_EQ(Decide(Policy{}, m, 1).verdict, Verdict::kImbalance);
  m.processors[0].samples.mean = 0.97;
  EXPECT_EQ(Decide(Policy{}, m, 1).verdict, Verdict::kEven);
}

TEST(Decide, WhatIsOfferedCountsWhereSamplesCannotTell) {
  HostMeasurement m = Host({At(1, 0), At(1, 0)});
  EXPECT_EQ(Decide(Policy{}, m, 1).verdict, Verdict::kEven);
  m.processors[0].offered = 1.8;
  m.processors[1].offered = 1.2;
  const Decision d = Decide(Policy{}, m, 1);
  EXPECT_EQ(d.verdict, Verdict::kImbalance);
  EXPECT_DOUBLE_EQ(d.system_utilization, 1.5);
  EXPECT_DOUBLE_EQ(d.imbalance, 1.2);
}

TEST(Decide, WhatReportsSayOfChanceCountsIfItIsMore) {
  HostMeasurement host = Host({At(0.6), At(0.4)});
  const double error = Decide(Policy{}, host, 1).standard_error;
  host.error_between_reports = error / 2;
  EXPECT_EQ(Decide(Policy{}, host, 1).standard_error, error);
  host.error_between_reports = 0.1;
  EXPECT_EQ(Decide(Policy{}, host, 1).standard_error, 0.1);
  EXPECT_EQ(Decide(Policy{}, host, 1).verdict, Verdict::kNotSignificant);
}

TEST(StandardError, GrowsWithAutocorrelation) {
  EXPECT_NEAR(StandardError({100, 0.5, 0.2, 0}), 0.02, 1e-12);
  EXPECT_NEAR(StandardError({100, 0.5, 0.2, 0.6}), 0.04, 1e-12);
  // Clipped to 0..0.98.
  EXPECT_NEAR(StandardError({100, 0.5, 0.2, -0.9}), 0.02, 1e-12);
  EXPECT_EQ(StandardError({100, 0.5, 0.2, 0.99}),
            StandardError({100, 0.5, 0.2, 0.98}));
  EXPECT_GT(StandardError({1, 0.5, 0, 0}), 1e6);
}

TEST(CorrectedZ, IsTheQuantileForTheMaximumOfSeveral) {
  EXPECT_EQ(CorrectedZ(2'000, 1), 2);
  // Normal quantiles of 1 - 0.02275 / P.
  EXPECT_NEAR(CorrectedZ(2'000, 2), 2.2777, 1e-3);
  EXPECT_NEAR(CorrectedZ(2'000, 4), 2.5311, 1e-3);
  EXPECT_NEAR(CorrectedZ(2'000, 32), 3.1904, 1e-3);
  EXPECT_LT(CorrectedZ(1'000, 4), CorrectedZ(2'000, 4));
}

double Gaussian(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) {
    sum += static_cast<double>(random.Next() >> 11) * 0x1p-53;
  }
  return sum;
}

// Samples of an even host with lag-1 autocorrelation 0.6. A plain z test
// would call it uneven in every other report.
TEST(Decide, AnEvenHostRarelyLooksUneven) {
  const std::uint64_t seed = 5'150;
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  constexpr int kReports = 2'000;
  Policy policy;
  policy.trigger_permille = 1'000;  // so that only the test holds it back
  int alarms = 0;
  for (int report = 0; report < kReports; ++report) {
    HostMeasurement m = Host({});
    for (int p = 0; p < 4; ++p) {
      constexpr int kSamples = 500;
      double sum = 0, squares = 0, products = 0, last = 0, noise = 0;
      for (int i = 0; i < kSamples; ++i) {
        noise = 0.6 * noise + 0.8 * Gaussian(random);
        const double x = 0.5 + 0.1 * noise;
        sum += x;
        squares += x * x;
        if (i > 0) products += (x - 0.5) * (last - 0.5);
        last = x;
      }
      const double mean = sum / kSamples;
      const double variance = squares / kSamples - mean * mean;
      m.processors.push_back(At(mean, std::sqrt(variance),
                                products / (kSamples - 1) / variance,
                                kSamples));
    }
    if (Decide(policy, m, 1).act) ++alarms;
  }
  // z = 2 allows 2.3%.
  EXPECT_LT(alarms, kReports * 5 / 100);
}

TEST(Judge, WantsAGainUnlessAProcessorMustBeFilledOrEmptied) {
  Policy policy;
  policy.min_gain_permille = 100;
  Proposal proposal;
  proposal.imbalance_before = 1.5;
  proposal.imbalance_after = 1.45;
  proposal.moves.resize(3);
  Decision d;
  d.verdict = Verdict::kImbalance;
  d.act = true;
  const Decision small = Judge(policy, d, proposal);
  EXPECT_EQ(small.verdict, Verdict::kGainTooSmall);
  EXPECT_FALSE(small.act);
  EXPECT_THAT(small.reason, HasSubstr("3 moves would lower the imbalance by "
                                      "0.050 only, less than 0.100"));
  d.verdict = Verdict::kEvacuate;
  EXPECT_TRUE(Judge(policy, d, proposal).act);
  d.verdict = Verdict::kImbalance;
  proposal.imbalance_after = 1.2;
  EXPECT_TRUE(Judge(policy, d, proposal).act);
  proposal.moves.clear();
  EXPECT_EQ(Judge(policy, d, proposal).verdict, Verdict::kNoBetterTable);
}

TEST(Verdict, FrozenOnesAreKnown) {
  EXPECT_TRUE(IsFrozen(Verdict::kStale));
  EXPECT_TRUE(IsFrozen(Verdict::kInputBound));
  EXPECT_FALSE(IsFrozen(Verdict::kEven));
  EXPECT_FALSE(IsFrozen(Verdict::kImbalance));
}

}  // namespace
}  // namespace lb::balance
