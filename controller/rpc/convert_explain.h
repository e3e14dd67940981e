// Explanations, replays and backtests as messages. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_EXPLAIN_H_
#define LB_CONTROLLER_RPC_CONVERT_EXPLAIN_H_

#include "controller/core/backtest.h"
#include "controller/core/explain.h"
#include "controller/core/replay.h"
#include "lb/v1/plan_service.pb.h"

namespace lb::controller {

void FillExplanation(const Explanation& explanation,
                     v1::ExplainPlanResponse& response);
void FillReplay(const Replay& replay, v1::ReplayPlanResponse& response);
void FillBacktest(const BacktestResult& result, v1::BacktestResponse& response);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_EXPLAIN_H_
