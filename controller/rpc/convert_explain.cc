#include "controller/rpc/convert_explain.h"

#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_policy.h"
#include "controller/rpc/convert_view.h"

namespace lb::controller {
namespace {

static_assert(static_cast<int>(ReplayOutcome::kIdentical) ==
              v1::REPLAY_OUTCOME_IDENTICAL);
static_assert(static_cast<int>(ReplayOutcome::kDifferent) ==
              v1::REPLAY_OUTCOME_DIFFERENT);
static_assert(static_cast<int>(ReplayOutcome::kOtherVersion) ==
              v1::REPLAY_OUTCOME_OTHER_VERSION);

void FillProcessor(std::uint32_t id, const ExplainedProcessor& processor,
                   v1::ExplainedProcessor& message) {
  message.set_id(id);
  message.set_in_service(processor.in_service);
  message.set_capacity_permille(processor.capacity_permille);
  message.set_utilization_before(processor.utilization_before);
  message.set_utilization_predicted(processor.utilization_predicted);
  if (processor.utilization_achieved) {
    message.set_utilization_achieved(*processor.utilization_achieved);
  }
  message.set_buckets_before(processor.buckets_before);
  message.set_buckets_after(processor.buckets_after);
  message.set_index(processor.index);
  message.set_quota(processor.quota);
}

void FillStep(const BacktestStep& step, v1::BacktestStep& message) {
  *message.mutable_time() = TimestampOf(step.time);
  message.set_imbalance_recorded(step.imbalance_recorded);
  message.set_imbalance(step.imbalance);
  message.set_verdict(step.verdict);
  message.set_moves(step.moves);
}

}  // namespace

void FillExplanation(const Explanation& explanation,
                     v1::ExplainPlanResponse& response) {
  if (explanation.plan) {
    FillPlan(*explanation.plan, Detail::kWhole, *response.mutable_plan());
  }
  response.set_verdict(explanation.verdict);
  response.set_reason(explanation.reason);
  *response.mutable_time() = TimestampOf(explanation.time);
  FillPolicy(explanation.policy, *response.mutable_policy());
  response.set_system_utilization(explanation.system_utilization);
  response.set_imbalance(explanation.imbalance);
  response.set_bound(explanation.bound);
  response.set_trigger(explanation.trigger);
  response.set_total_index(explanation.total_index);
  for (std::size_t i = 0; i < explanation.processors.size(); ++i) {
    FillProcessor(static_cast<std::uint32_t>(i), explanation.processors[i],
                  *response.add_processors());
  }
  response.set_planner_reason(explanation.planner_reason);
  for (const std::string& line : explanation.lines) response.add_lines(line);
}

void FillReplay(const Replay& replay, v1::ReplayPlanResponse& response) {
  response.set_outcome(static_cast<v1::ReplayOutcome>(replay.outcome));
  response.set_difference(replay.difference);
  response.set_planner(replay.planner);
}

void FillBacktest(const BacktestResult& result,
                  v1::BacktestResponse& response) {
  response.set_samples(result.samples);
  response.set_plans(result.plans);
  response.set_moves(result.moves);
  response.set_plans_recorded(result.plans_recorded);
  response.set_moves_recorded(result.moves_recorded);
  response.set_imbalance_mean(result.imbalance_mean);
  response.set_imbalance_max(result.imbalance_max);
  response.set_imbalance_mean_recorded(result.imbalance_mean_recorded);
  response.set_imbalance_max_recorded(result.imbalance_max_recorded);
  response.set_time_above_trigger(result.time_above_trigger);
  response.set_time_above_trigger_recorded(result.time_above_trigger_recorded);
  for (const BacktestStep& step : result.steps) {
    FillStep(step, *response.add_steps());
  }
}

}  // namespace lb::controller
