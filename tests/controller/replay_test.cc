#include "controller/core/replay.h"

#include <functional>

#include "balance/decision.h"
#include "balance/plan_request.h"
#include "controller/core/decision_inputs.h"
#include "controller/core/plan_draft.h"
#include "controller/core/planner_inputs.h"
#include "gmock/gmock.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A host's history: a plan or more, each with its inputs.
const std::vector<PlanRecord>& Plans() {
  static const auto* const plans = [] {
    ControllerHarness harness;
    SimulatedHost host("a", 4, SkewedLoads(256, 4, 2.0, 0.45));
    const auto stream = harness.Connect(host);
    for (int i = 0; i < 40; ++i) {
      harness.Report(host, stream);
      harness.ApplyPlan(host, stream);
    }
    return new std::vector<PlanRecord>(harness.store.plans());
  }();
  return *plans;
}

TEST(ReplayPlan, WhatWasStoredComesOutAgain) {
  ASSERT_FALSE(Plans().empty());
  for (const PlanRecord& plan : Plans()) {
    const auto replay = ReplayPlan(plan);
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->outcome, ReplayOutcome::kIdentical) << replay->difference;
    EXPECT_EQ(replay->difference, "");
    EXPECT_EQ(replay->planner, "load");
  }
}

struct Tampering {
  const char* name;
  std::function<void(PlanRecord&)> tamper;
  const char* difference;
};

class TamperedTest : public testing::TestWithParam<Tampering> {};

TEST_P(TamperedTest, TheFirstDifferenceIsNamed) {
  PlanRecord plan = Plans().front();
  ASSERT_GE(plan.moves.size(), 2U);
  GetParam().tamper(plan);
  const auto replay = ReplayPlan(plan);
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->outcome, ReplayOutcome::kDifferent);
  EXPECT_THAT(replay->difference, StartsWith(GetParam().difference));
}

INSTANTIATE_TEST_SUITE_P(
    All, TamperedTest,
    testing::Values(
        Tampering{"bucket",
                  [](PlanRecord& p) { p.moves[1].move.bucket = BucketId(255); },
                  "move 2: bucket 255 from"},
        Tampering{"load", [](PlanRecord& p) { ++p.moves[0].load_ns_per_s; },
                  "move 1, load in ns/s: "},
        Tampering{"reason", [](PlanRecord& p) { p.moves[0].reason = "luck"; },
                  "move 1, reason: \"luck\" is stored"},
        Tampering{"fewer", [](PlanRecord& p) { p.moves.pop_back(); },
                  "number of moves: "},
        Tampering{"table",
                  [](PlanRecord& p) { p.table.owner[3] = ProcessorId(99); },
                  "processor of bucket 3: 99 is stored, "},
        Tampering{"digest", [](PlanRecord& p) { p.digest = Digest(1); },
                  "digest of the table: 0000000000000001 is stored"},
        Tampering{"prediction",
                  [](PlanRecord& p) { p.imbalance_predicted += 1e-15; },
                  "imbalance predicted: "},
        Tampering{"bound", [](PlanRecord& p) { p.bound = 3; },
                  "bound: 3 is stored"},
        Tampering{"index", [](PlanRecord& p) { p.indexes[0] += 1; },
                  "the indexes are others"},
        Tampering{"quota", [](PlanRecord& p) { ++p.quotas[0]; },
                  "the quotas are others"},
        Tampering{"stop", [](PlanRecord& p) { p.planner_reason = "tired"; },
                  "why there were no more moves: \"tired\""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ReplayPlan, AnotherVersionProvesNothing) {
  PlanRecord plan = Plans().front();
  plan.inputs.algorithm_version += 5;
  plan.moves.clear();
  const Replay replay = ReplayPlan(plan).value();
  EXPECT_EQ(replay.outcome, ReplayOutcome::kOtherVersion);
  EXPECT_THAT(replay.difference, StartsWith("planner load had version "));
}

TEST(ReplayPlan, WhatCannotBeReplayed) {
  PlanRecord plan = Plans().front();
  plan.inputs.bytes.clear();
  EXPECT_TRUE(absl::IsNotFound(ReplayPlan(plan).status()));
  plan = Plans().front();
  plan.inputs.bytes.resize(plan.inputs.bytes.size() / 2);
  EXPECT_TRUE(absl::IsDataLoss(ReplayPlan(plan).status()));
  EXPECT_THAT(std::string(ReplayPlan(plan).status().message()),
              StartsWith("hosts/a/plans/1: "));
  // Sound bytes of a host that no planner takes.
  plan.inputs.bytes = SerializePlannerInputs({}, {});
  EXPECT_TRUE(absl::IsDataLoss(ReplayPlan(plan).status()));
  plan.inputs = {};
  plan.author = "socket:operator";
  EXPECT_TRUE(absl::IsFailedPrecondition(ReplayPlan(plan).status()));
  EXPECT_EQ(ReplayPlan(plan).status().message(),
            "hosts/a/plans/1 was made by socket:operator without a planner: "
            "there is nothing to compute again");
}

balance::HostMeasurement Measured(double first) {
  balance::HostMeasurement measured;
  for (const double mean : {first, 0.2}) {
    measured.processors.push_back(
        {.samples = {.count = 500, .mean = mean, .standard_deviation = 0.01},
         .buckets = 32});
  }
  measured.current_table = true;
  return measured;
}

DecisionRecord Record(const balance::Decision& decision,
                      const balance::HostMeasurement& measured,
                      std::uint32_t over_trigger) {
  DecisionRecord record;
  record.revision = 40;
  record.host = "a";
  record.verdict = balance::VerdictName(decision.verdict);
  record.reason = decision.reason;
  record.measurement = SerializeDecisionInputs(measured, over_trigger);
  return record;
}

TEST(ReplayDecision, WhatWasDecidedIsDecidedAgain) {
  const balance::Policy policy;
  const auto measured = Measured(0.21);
  DecisionRecord record =
      Record(balance::Decide(policy, measured, 0), measured, 0);
  EXPECT_EQ(record.verdict, "EVEN");
  EXPECT_EQ(ReplayDecision(record, policy)->outcome, ReplayOutcome::kIdentical);
  record.reason = "because";
  Replay replay = ReplayDecision(record, policy).value();
  EXPECT_EQ(replay.outcome, ReplayOutcome::kDifferent);
  EXPECT_THAT(replay.difference, StartsWith("reason: \"because\" is stored"));
  balance::Policy strict;
  strict.trigger_permille = 1'001;
  replay = ReplayDecision(record, strict).value();
  EXPECT_EQ(replay.difference, "verdict: EVEN is stored, ONCE comes out now");
}

balance::PlanRequest AskedFor(const balance::Policy& policy) {
  balance::Decision decision;
  decision.verdict = balance::Verdict::kImbalance;
  decision.system_utilization = 0.3;
  return balance::RequestFor(policy, 64, decision);
}

// The planner was asked and found the gain too small.
class AskedTest : public testing::Test {
 protected:
  AskedTest() {
    policy_.min_gain_permille = 1'000;
    snapshot_.processors = {{.busy_ns_per_s = 300'000'000},
                            {.busy_ns_per_s = 200'000'000}};
    for (std::uint16_t b = 0; b < 64; ++b) {
      snapshot_.buckets.push_back(
          {.owner = ProcessorId(static_cast<std::uint16_t>(b % 2)),
           .load_ns_per_s = b % 2 == 0 ? 9'375'000U : 6'250'000U});
    }
    const auto request = AskedFor(policy_);
    const auto planner = balance::MakePlanner(policy_.planner).value();
    const auto measured = Measured(0.3);
    const balance::Decision decision =
        balance::Judge(policy_, balance::Decide(policy_, measured, 1),
                       planner->Propose(snapshot_, request).value());
    record_ = Record(decision, measured, 1);
    record_.inputs = {policy_.planner, planner->algorithm_version(),
                      SerializePlannerInputs(snapshot_, request)};
  }

  balance::Policy policy_;
  balance::Snapshot snapshot_;
  DecisionRecord record_;
};

TEST_F(AskedTest, ThePlannerIsAskedAgain) {
  ASSERT_EQ(record_.verdict, "GAIN_TOO_SMALL");
  const Replay replay = ReplayDecision(record_, policy_).value();
  EXPECT_EQ(replay.outcome, ReplayOutcome::kIdentical) << replay.difference;
  EXPECT_EQ(replay.planner, "load");
  // Another planner's answer would be another verdict.
  snapshot_.processors[1].busy_ns_per_s = 300'000'000;
  for (balance::BucketState& bucket : snapshot_.buckets) {
    bucket.load_ns_per_s = 9'375'000;
  }
  record_.inputs->bytes = SerializePlannerInputs(snapshot_, AskedFor(policy_));
  EXPECT_EQ(ReplayDecision(record_, policy_)->outcome,
            ReplayOutcome::kDifferent);
}

TEST_F(AskedTest, WhoWouldNotBeAskedNowIsADifference) {
  record_.measurement = SerializeDecisionInputs(Measured(0.21), 1);
  EXPECT_THAT(ReplayDecision(record_, policy_)->difference,
              StartsWith("the planner was asked, and would not be asked now"));
}

TEST_F(AskedTest, VersionsPruningAndDamage) {
  DecisionRecord other = record_;
  ++other.inputs->algorithm_version;
  EXPECT_EQ(ReplayDecision(other, policy_)->outcome,
            ReplayOutcome::kOtherVersion);
  other = record_;
  other.inputs->bytes.clear();
  EXPECT_TRUE(absl::IsNotFound(ReplayDecision(other, policy_).status()));
  other = record_;
  other.inputs->bytes.pop_back();
  EXPECT_TRUE(absl::IsDataLoss(ReplayDecision(other, policy_).status()));
  other = record_;
  other.measurement.pop_back();
  EXPECT_TRUE(absl::IsDataLoss(ReplayDecision(other, policy_).status()));
  other.measurement.clear();
  EXPECT_TRUE(
      absl::IsFailedPrecondition(ReplayDecision(other, policy_).status()));
  EXPECT_THAT(std::string(ReplayDecision(other, policy_).status().message()),
              HasSubstr("does not follow from measurements"));
}

}  // namespace
}  // namespace lb::controller
