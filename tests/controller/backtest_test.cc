#include "controller/core/backtest.h"

#include <functional>
#include <optional>

#include "balance/planner.h"
#include "controller/core/backtest_run.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Status AsItIs(balance::Policy&) { return absl::OkStatus(); }
absl::Status Off(balance::Policy& policy) {
  policy.mode = balance::Mode::kOff;
  return absl::OkStatus();
}

// A host whose history the controller has.
class BacktestTest : public testing::Test {
 protected:
  void Live(int reports) {
    if (!stream_.link) {
      begin_ = harness_.clock.Wall();
      stream_ = harness_.Connect(host_);
    }
    for (int i = 0; i < reports; ++i) {
      harness_.Report(host_, stream_);
      harness_.ApplyPlan(host_, stream_);
    }
  }
  absl::StatusOr<BacktestResult> Try(
      const std::function<absl::Status(balance::Policy&)>& patch = AsItIs,
      std::optional<WallTime> from = std::nullopt,
      std::optional<WallTime> to = std::nullopt,
      const std::string& parent = "hosts/a") {
    std::optional<absl::StatusOr<BacktestResult>> result;
    harness_.core->queries.Backtest(
        parent, from.value_or(begin_), to, patch,
        [&](absl::StatusOr<BacktestResult> got) { result = std::move(got); });
    harness_.Run();
    return *result;
  }
  std::size_t MovesMade() const {
    std::size_t moves = 0;
    for (const PlanRecord& plan : harness_.store.plans()) {
      moves += plan.moves.size();
    }
    return moves;
  }

  ControllerHarness harness_;
  SimulatedHost host_{"a", 4, SkewedLoads(256, 4, 2.0, 0.45)};
  ControllerHarness::Stream stream_;
  WallTime begin_;
};

TEST_F(BacktestTest, TheRecordedPolicyDoesAboutWhatItDid) {
  Live(120);
  const std::size_t plans = harness_.store.plans().size();
  ASSERT_GE(plans, 2U);
  const auto result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  // The last report is not before the end of the time asked for.
  EXPECT_GE(result->samples, 119U);
  EXPECT_EQ(result->plans_recorded, plans);
  EXPECT_EQ(result->moves_recorded, MovesMade());
  EXPECT_NEAR(result->plans, static_cast<double>(plans), 1);
  EXPECT_NEAR(result->moves, result->moves_recorded,
              0.2 * result->moves_recorded);
  EXPECT_NEAR(result->imbalance_mean, result->imbalance_mean_recorded, 0.02);
  EXPECT_NEAR(result->imbalance_max, result->imbalance_max_recorded, 1e-6);
  EXPECT_NEAR(result->time_above_trigger, result->time_above_trigger_recorded,
              0.05);
  // And what was recorded is what the agents' reports said.
  EXPECT_NEAR(result->imbalance_max_recorded, 1.8, 1e-3);
  std::uint32_t moves = 0;
  for (const BacktestStep& step : result->steps) moves += step.moves;
  EXPECT_EQ(moves, result->moves);
  EXPECT_EQ(result->steps.front().verdict, "WARMING_UP");
  EXPECT_EQ(result->steps.back().verdict, "EVEN");
}

TEST_F(BacktestTest, OffIsTheTableAsItWasAtTheBeginning) {
  const double imbalance = host_.TrueImbalance();
  Live(120);
  const auto result = Try(Off);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->plans, 0U);
  EXPECT_NEAR(result->imbalance_mean, imbalance, 1e-3);
  EXPECT_NEAR(result->imbalance_max, imbalance, 1e-3);
  EXPECT_NEAR(result->time_above_trigger, 1, 1e-9);
  EXPECT_LT(result->time_above_trigger_recorded, 0.9);
  EXPECT_LT(result->imbalance_mean_recorded, imbalance - 0.2);
}

TEST_F(BacktestTest, AdviceChangesNothingAndStands) {
  Live(60);
  const auto result = Try([](balance::Policy& policy) {
    policy.mode = balance::Mode::kAdvise;
    return absl::OkStatus();
  });
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->plans, 1U);
  EXPECT_NEAR(result->imbalance_mean, 1.8, 1e-3);
  EXPECT_EQ(result->steps.back().verdict, "PROPOSAL_STANDS");
}

TEST_F(BacktestTest, ItBeginsWithTheTableThatWasInForceThen) {
  Live(120);
  const WallTime later = harness_.clock.Wall() - seconds(40);
  const auto result = Try(Off, later);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(result->samples, 40, 1);
  EXPECT_EQ(result->plans_recorded, 0U);
  EXPECT_NEAR(result->imbalance_mean, host_.TrueImbalance(), 1e-3);
}

TEST_F(BacktestTest, AHostThatWasNeverPlanned) {
  host_.loads = std::vector<std::uint64_t>(256, 4'000'000);
  Live(30);
  ASSERT_THAT(harness_.store.plans(), IsEmpty());
  const auto result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NEAR(result->imbalance_mean, 1, 1e-6);
  EXPECT_EQ(result->plans, 0U);
}

TEST_F(BacktestTest, SamplesOfMoreThanOnePageAndNoneTwice) {
  Live(2 * static_cast<int>(BacktestRun::kProcessorPage) + 3);
  const auto result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_GE(result->samples, 2 * BacktestRun::kProcessorPage + 2);
  EXPECT_LE(result->samples, 2 * BacktestRun::kProcessorPage + 3);
}

// Every look at it takes longer than a slice.
class SlowClock final : public Clock {
 public:
  MonotonicTime Monotonic() const override {
    return MonotonicTime(milliseconds(10 * ++looks_));
  }
  WallTime Wall() const override { return WallTime(); }

 private:
  mutable std::int64_t looks_ = 0;
};

TEST_F(BacktestTest, TheLoopIsFreeBetweenSlicesAndTheResultTheSame) {
  Live(120);
  const SlowClock slow;
  std::optional<BacktestResult> sliced;
  BacktestRun::Start(harness_.store, *harness_.loop, slow,
                     {"a", begin_, harness_.clock.Wall(), balance::Policy()},
                     host_.layout, host_.table,
                     [&](absl::StatusOr<BacktestResult> got) {
                       sliced = std::move(got).value();
                     });
  const std::size_t tasks = harness_.loop->RunReady();
  EXPECT_GE(tasks, 119U);
  const BacktestResult whole = Try().value();
  ASSERT_TRUE(sliced.has_value());
  EXPECT_EQ(sliced->samples, whole.samples);
  EXPECT_EQ(sliced->moves, whole.moves);
  EXPECT_EQ(sliced->imbalance_mean, whole.imbalance_mean);
  EXPECT_EQ(sliced->steps.size(), whole.steps.size());
}

TEST_F(BacktestTest, WhatCannotBeTried) {
  Live(10);
  const auto code = [](const absl::StatusOr<BacktestResult>& result) {
    return result.status().code();
  };
  const WallTime now = harness_.clock.Wall();
  EXPECT_EQ(code(Try(AsItIs, now + seconds(1))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Try(AsItIs, begin_, begin_)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Try(AsItIs, now - std::chrono::hours(24 * 31 + 1))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Try([](balance::Policy& policy) {
              policy.trigger_permille = 0;
              return absl::OkStatus();
            })),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Try([](balance::Policy&) {
              return absl::InvalidArgumentError("mask");
            })),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(Try(AsItIs, begin_, std::nullopt, "hosts/b")),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(code(Try(AsItIs, begin_, std::nullopt, "hosts/-")),
            absl::StatusCode::kInvalidArgument);
  const auto nothing = Try(AsItIs, begin_ - std::chrono::hours(2),
                           begin_ - std::chrono::hours(1));
  EXPECT_EQ(code(nothing), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(nothing.status().message()),
              HasSubstr("of host a no loads are kept from "));
}

TEST_F(BacktestTest, OneAtATime) {
  Live(10);
  harness_.store.Hold();
  std::optional<absl::StatusOr<BacktestResult>> first;
  harness_.core->queries.Backtest(
      "hosts/a", begin_, std::nullopt, AsItIs,
      [&](absl::StatusOr<BacktestResult> got) { first = std::move(got); });
  EXPECT_EQ(Try().status().code(), absl::StatusCode::kResourceExhausted);
  harness_.store.Release();
  harness_.Run();
  EXPECT_TRUE(first->ok());
  EXPECT_TRUE(Try().ok());
}

// The pure part: two processors, 64 buckets of which the even ones are the
// first's.
class ReplayedReportsTest : public testing::Test {
 protected:
  ReplayedReportsTest() {
    layout_.buckets = 64;
    layout_.processors.resize(2);
    table_ = DealRoundRobin(layout_);
  }
  Backtest Make(const balance::Policy& policy = {}) const {
    return {layout_, policy, balance::MakePlanner(policy.planner).value()};
  }
  static ProcessorSample Sample(double first, double second) {
    ProcessorSample sample;
    sample.interval = seconds(1);
    for (const double cpus : {first, second}) {
      ProcessorLoad load;
      load.busy =
          std::chrono::nanoseconds(static_cast<std::int64_t>(cpus * 1e9));
      load.samples = {.count = 100, .mean = cpus, .standard_deviation = 0.01};
      sample.processors.push_back(load);
    }
    return sample;
  }
  static BucketSample Loads(std::uint64_t even, std::uint64_t odd) {
    BucketSample sample;
    for (std::uint32_t b = 0; b < 64; ++b) {
      sample.buckets.push_back(
          {.bucket = BucketId(b), .load_ns_per_s = b % 2 == 0 ? even : odd});
    }
    return sample;
  }

  Layout layout_;
  Table table_;
};

TEST_F(ReplayedReportsTest, OtherLayoutsAreRefused) {
  Backtest backtest = Make();
  Table table = table_;
  table.owner[5] = ProcessorId(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(backtest.SetRecordedTable(table, {})));
  table.owner.resize(32);
  EXPECT_TRUE(absl::IsFailedPrecondition(backtest.SetRecordedTable(table, {})));
  BucketSample loads = Loads(1, 1);
  loads.buckets[7].bucket = BucketId(64);
  EXPECT_TRUE(absl::IsFailedPrecondition(backtest.AddBuckets(loads)));
  ASSERT_TRUE(backtest.SetRecordedTable(table_, {}).ok());
  ASSERT_TRUE(backtest.AddBuckets(Loads(1, 1)).ok());
  ProcessorSample sample = Sample(0.5, 0.5);
  sample.interval = seconds(0);
  EXPECT_TRUE(absl::IsDataLoss(backtest.AddProcessors(sample)));
  sample.processors.pop_back();
  EXPECT_TRUE(absl::IsFailedPrecondition(backtest.AddProcessors(sample)));
}

// The host moved all to the second processor; off would have kept the table.
TEST_F(ReplayedReportsTest, LoadsGoWithTheBackteststable) {
  balance::Policy policy;
  policy.mode = balance::Mode::kOff;
  Backtest backtest = Make(policy);
  ASSERT_TRUE(backtest.SetRecordedTable(table_, {}).ok());
  // 0.32 and 0.32 CPUs of buckets, and 0.1 of each processor's own.
  ASSERT_TRUE(backtest.AddBuckets(Loads(10'000'000, 10'000'000)).ok());
  ASSERT_TRUE(backtest.AddProcessors(Sample(0.42, 0.42)).ok());
  Table other = table_;
  for (ProcessorId& owner : other.owner) owner = ProcessorId(1);
  ASSERT_TRUE(
      backtest.SetRecordedTable(other, DeriveMoves(table_, other)).ok());
  ASSERT_TRUE(backtest.AddProcessors(Sample(0.1, 0.74)).ok());
  const BacktestResult result = backtest.Result();
  EXPECT_EQ(result.samples, 2U);
  EXPECT_EQ(result.plans_recorded, 1U);
  EXPECT_EQ(result.moves_recorded, 32U);
  EXPECT_NEAR(result.imbalance_max, 1, 1e-9);
  EXPECT_NEAR(result.imbalance_max_recorded, 0.74 / 0.42, 1e-9);
  EXPECT_NEAR(result.time_above_trigger_recorded, 0.5, 1e-9);
  EXPECT_EQ(result.time_above_trigger, 0);
}

// What a saturated processor is offered is known by its buckets only.
TEST_F(ReplayedReportsTest, ASaturatedProcessorsLoadIsThatOfItsBuckets) {
  balance::Policy policy;
  policy.mode = balance::Mode::kOff;
  Backtest backtest = Make(policy);
  Table all = table_;
  for (ProcessorId& owner : all.owner) owner = ProcessorId(1);
  // Begins even, at 0.64 and 0.64 CPUs; the host then drowns the second.
  ASSERT_TRUE(backtest.SetRecordedTable(table_, {}).ok());
  ASSERT_TRUE(backtest.AddBuckets(Loads(20'000'000, 20'000'000)).ok());
  ASSERT_TRUE(backtest.SetRecordedTable(all, DeriveMoves(table_, all)).ok());
  ASSERT_TRUE(backtest.AddProcessors(Sample(0, 1)).ok());
  EXPECT_NEAR(backtest.Result().imbalance_max, 1, 1e-9);
  EXPECT_NEAR(backtest.Result().imbalance_max_recorded, 2, 1e-9);
}

TEST_F(ReplayedReportsTest, WhatComesBeforeTableAndLoadsIsPassedOver) {
  Backtest backtest = Make();
  EXPECT_TRUE(backtest.AddProcessors(Sample(0.5, 0.5)).ok());
  ASSERT_TRUE(backtest.SetRecordedTable(table_, {}).ok());
  EXPECT_TRUE(backtest.AddProcessors(Sample(0.5, 0.5)).ok());
  EXPECT_EQ(backtest.Result().samples, 0U);
}

}  // namespace
}  // namespace lb::controller
