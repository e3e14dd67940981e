#include "controller/core/explain.h"

#include "balance/decision.h"
#include "controller/core/decision_inputs.h"
#include "controller/core/planner_inputs.h"
#include "gmock/gmock.h"

namespace lb::controller {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr WallTime kMidnight{seconds(1'767'225'600)};  // 2026-01-01

PolicyRecord Policy() { return {.revision = 3, .policy = {}}; }

// Two processors with two buckets each: 0.6 and 0.2 CPUs. Bucket 1 moved.
PlanRecord MeasuredPlan() {
  balance::Snapshot snapshot;
  snapshot.processors = {{.busy_ns_per_s = 600'000'000},
                         {.busy_ns_per_s = 200'000'000}};
  snapshot.buckets = {{.owner = ProcessorId(0), .load_ns_per_s = 400'000'000},
                      {.owner = ProcessorId(0), .load_ns_per_s = 200'000'000},
                      {.owner = ProcessorId(1), .load_ns_per_s = 100'000'000},
                      {.owner = ProcessorId(1), .load_ns_per_s = 100'000'000}};
  PlanRecord plan;
  plan.id = 12;
  plan.host = "a";
  plan.epoch = Epoch(7);
  plan.state = PlanState::kMeasured;
  plan.create_time = kMidnight;
  plan.result_time = kMidnight + seconds(1);
  plan.author = "balancer";
  plan.verdict = "IMBALANCE";
  plan.reason = "imbalance 1.500 is over 1.100 in 2 reports running";
  plan.planner_reason = "the target is met: imbalance 1.000, target 1.030";
  plan.policy_revision = 3;
  plan.table.owner = {ProcessorId(0), ProcessorId(1), ProcessorId(1),
                      ProcessorId(1)};
  plan.imbalance_before = 1.5;
  plan.imbalance_predicted = 1.0;
  plan.imbalance_achieved = 1.025;
  plan.utilization_achieved = {0.41, 0.39};
  plan.indexes = {4.0 / 3, 4};
  plan.total_index = 16.0 / 3;
  plan.quotas = {1, 3};
  plan.moves = {{.move = {BucketId(1), ProcessorId(0), ProcessorId(1)},
                 .load_ns_per_s = 200'000'000,
                 .reason = "processor 0 is at 60.0%",
                 .outcome = MoveOutcome::kMoved,
                 .pause = microseconds(250)}};
  plan.max_pause = microseconds(250);
  plan.cost = Counters{.arrived = 1'000};
  plan.cost->drop(DropReason::kHoldFull) = 3;
  plan.inputs = {balance::PlannerKind::kLoad, 2,
                 SerializePlannerInputs(snapshot, {})};
  return plan;
}

TEST(Explain, APlanInNumbers) {
  const Explanation explanation = ExplainPlan(MeasuredPlan(), Policy());
  EXPECT_EQ(explanation.name, "hosts/a/plans/7");
  EXPECT_EQ(explanation.verdict, "IMBALANCE");
  EXPECT_NEAR(explanation.system_utilization, 0.4, 1e-9);
  EXPECT_NEAR(explanation.trigger, 1.1, 1e-9);
  ASSERT_EQ(explanation.processors.size(), 2U);
  const ExplainedProcessor& first = explanation.processors[0];
  EXPECT_NEAR(first.utilization_before, 0.6, 1e-9);
  EXPECT_NEAR(first.utilization_predicted, 0.4, 1e-9);
  EXPECT_EQ(first.utilization_achieved, 0.41);
  EXPECT_EQ(first.buckets_before, 2U);
  EXPECT_EQ(first.buckets_after, 1U);
  EXPECT_EQ(explanation.processors[1].buckets_after, 3U);
  EXPECT_EQ(explanation.processors[1].quota, 3U);
  EXPECT_EQ(explanation.plan->id, 12U);
}

TEST(Explain, APlanAsPeopleReadIt) {
  EXPECT_THAT(
      ExplainPlan(MeasuredPlan(), Policy()).lines,
      ElementsAre(
          "hosts/a/plans/7, made by balancer at 2026-01-01T00:00:00.000Z under "
          "policy r3 (mode auto, planner load).",
          "Why: IMBALANCE: imbalance 1.500 is over 1.100 in 2 reports running.",
          "Imbalance: max(U_i) / U = 0.600 / 0.400 = 1.500. Trigger: 1.100 x "
          "bound 1.000 = 1.100.",
          "Indexes: I_i = b_i x U / max(U_i, U/8), T = sum(I_i) = 5.3; quotas: "
          "q_i = 4 x I_i / T.",
          "  processor 0: C 1.000, U 0.600, I 1.3, quota 1; buckets 2 -> 1; U "
          "predicted 0.400, achieved 0.410",
          "  processor 1: C 1.000, U 0.200, I 4.0, quota 3; buckets 2 -> 3; U "
          "predicted 0.400, achieved 0.390",
          "Moves: 1 of 4 buckets, by planner load version 2; the target is "
          "met: imbalance 1.000, target 1.030.",
          "  bucket 1 (200.000 ms/s), processor 0 to 1: processor 0 is at "
          "60.0%; moved, pause 0.250 ms",
          "State: MEASURED, answered at 2026-01-01T00:00:01.000Z; 1 of 1 move "
          "made, longest pause 0.250 ms; meanwhile 1000 packets arrived, 3 "
          "dropped, 0 lost, 0 reordered, 0 duplicated.",
          "Imbalance: 1.500 before, 1.000 predicted, 1.025 achieved."));
}

TEST(Explain, TheTriggerIsTheOneOfABusyHost) {
  balance::Snapshot snapshot;
  snapshot.processors = {{.busy_ns_per_s = 970'000'000},
                         {.busy_ns_per_s = 830'000'000}};
  for (std::uint16_t b = 0; b < 4; ++b) {
    snapshot.buckets.push_back(
        {.owner = ProcessorId(static_cast<std::uint16_t>(b / 2)),
         .load_ns_per_s = 450'000'000});
  }
  PlanRecord plan = MeasuredPlan();
  plan.inputs.bytes = SerializePlannerInputs(snapshot, {});
  const Explanation explanation = ExplainPlan(std::move(plan), Policy());
  EXPECT_NEAR(explanation.trigger, 1.055, 1e-9);
  EXPECT_THAT(explanation.lines,
              Contains(HasSubstr("Trigger: 1.055 x bound 1.000 = 1.055.")));
}

TEST(Explain, APlanThatWasRefused) {
  PlanRecord plan = MeasuredPlan();
  plan.state = PlanState::kRejected;
  plan.rejection = "it is for another base";
  plan.moves[0].outcome.reset();
  plan.imbalance_achieved.reset();
  plan.utilization_achieved.clear();
  plan.cost.reset();
  const Explanation explanation = ExplainPlan(plan, Policy());
  EXPECT_FALSE(explanation.processors[0].utilization_achieved.has_value());
  const auto& lines = explanation.lines;
  EXPECT_EQ(lines[lines.size() - 2],
            "State: REJECTED, answered at 2026-01-01T00:00:01.000Z: it is for "
            "another base.");
  EXPECT_EQ(lines.back(),
            "Imbalance: 1.500 before, 1.000 predicted, not measured after the "
            "plan.");
}

struct Missing {
  const char* name;
  std::uint32_t version;
  std::string bytes;
  const char* line;
};

class MissingTest : public testing::TestWithParam<Missing> {};

TEST_P(MissingTest, TheRestIsToldAndWhyNotAll) {
  PlanRecord plan = MeasuredPlan();
  plan.inputs.algorithm_version = GetParam().version;
  plan.inputs.bytes = GetParam().bytes;
  const Explanation explanation = ExplainPlan(plan, Policy());
  EXPECT_EQ(explanation.lines[2],
            std::string("The planner's inputs are not there: ") +
                GetParam().line + ".");
  EXPECT_EQ(explanation.lines[3],
            "  processor 0: buckets 2 -> 1; U achieved 0.410");
  ASSERT_EQ(explanation.processors.size(), 2U);
  EXPECT_EQ(explanation.processors[1].buckets_before, 2U);
  EXPECT_EQ(explanation.processors[1].buckets_after, 3U);
  EXPECT_EQ(explanation.processors[1].quota, 3U);
}

INSTANTIATE_TEST_SUITE_P(
    All, MissingTest,
    testing::Values(Missing{"never", 0, "", "no planner was asked"},
                    Missing{"pruned", 2, "", "they are no longer kept"},
                    Missing{"damaged", 2, "\x01", "packed values are damaged"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Explain, InputsThatDoNotFitTheMovesAreNotBelieved) {
  PlanRecord plan = MeasuredPlan();
  plan.moves[0].move.bucket = BucketId(4);
  EXPECT_THAT(ExplainPlan(plan, Policy()).lines[2],
              HasSubstr("do not have what its moves name"));
  plan = MeasuredPlan();
  plan.moves[0].move.to = ProcessorId(9);
  EXPECT_THAT(ExplainPlan(plan, Policy()).lines[2],
              HasSubstr("do not have what its moves name"));
}

TEST(Explain, OfVeryManyMovesTheFirstAreTold) {
  PlanRecord plan = MeasuredPlan();
  plan.inputs.bytes.clear();
  plan.moves.assign(kMostExplainedMoves + 5, plan.moves[0]);
  const auto lines = ExplainPlan(plan, Policy()).lines;
  EXPECT_THAT(lines, testing::Contains("  and 5 more, which the plan lists"));
}

TEST(Explain, ADecisionNotToPlan) {
  balance::HostMeasurement measured;
  for (const double mean : {0.22, 0.2}) {
    measured.processors.push_back(
        {.samples = {.count = 500, .mean = mean, .standard_deviation = 0.1},
         .buckets = 32});
  }
  measured.current_table = true;
  const balance::Decision decided =
      balance::Decide(Policy().policy, measured, 0);
  DecisionRecord record;
  record.revision = 40;
  record.host = "a";
  record.time = kMidnight;
  record.verdict = balance::VerdictName(decided.verdict);
  record.reason = decided.reason;
  record.policy_revision = 3;
  record.measurement = SerializeDecisionInputs(measured, 0);
  const Explanation explanation = ExplainDecision(record, Policy());
  EXPECT_FALSE(explanation.plan.has_value());
  EXPECT_NEAR(explanation.imbalance, 0.22 / 0.21, 1e-9);
  EXPECT_THAT(
      explanation.lines,
      ElementsAre("hosts/a/decisions/40, not planned at "
                  "2026-01-01T00:00:00.000Z under policy r3 (mode auto, "
                  "planner load).",
                  "Why: EVEN: imbalance 1.048 is within 1.100.",
                  "Imbalance: max(U_i) / U = 0.220 / 0.210 = 1.048. Trigger: "
                  "1.100 x bound 1.000 = 1.100.",
                  "Indexes: I_i = b_i x U / max(U_i, U/8), T = sum(I_i) = "
                  "64.1; quotas: q_i = 64 x I_i / T.",
                  "  processor 0: C 1.000, U 0.220, I 30.5, quota 30; buckets "
                  "32",
                  "  processor 1: C 1.000, U 0.200, I 33.6, quota 34; buckets "
                  "32"));
}

TEST(Explain, ADecisionWithoutMeasurements) {
  DecisionRecord record;
  record.revision = 41;
  record.host = "a";
  record.time = kMidnight;
  record.verdict = "FENCED";
  record.reason = "it has seen term 9";
  const Explanation explanation = ExplainDecision(record, PolicyRecord());
  EXPECT_THAT(explanation.processors, IsEmpty());
  EXPECT_THAT(
      explanation.lines,
      ElementsAre("hosts/a/decisions/41, not planned at "
                  "2026-01-01T00:00:00.000Z under the built-in policy (mode "
                  "auto, planner load).",
                  "Why: FENCED: it has seen term 9.",
                  "There are no measurements to show: the verdict does not "
                  "come from measurements."));
}

}  // namespace
}  // namespace lb::controller
