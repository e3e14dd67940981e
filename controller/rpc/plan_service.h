// PlanService: answers from core's queries, changes through its commands.
#ifndef LB_CONTROLLER_RPC_PLAN_SERVICE_H_
#define LB_CONTROLLER_RPC_PLAN_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/plan_service.grpc.pb.h"

namespace lb::controller {

class PlanService final : public v1::PlanService::CallbackService {
 public:
  explicit PlanService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context,
                                      const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override;
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context,
                                    const v1::GetPlanRequest* request,
                                    v1::GetPlanResponse* response) override;
  grpc::ServerUnaryReactor* ExplainPlan(
      grpc::CallbackServerContext* context,
      const v1::ExplainPlanRequest* request,
      v1::ExplainPlanResponse* response) override;
  grpc::ServerUnaryReactor* ReplayPlan(
      grpc::CallbackServerContext* context,
      const v1::ReplayPlanRequest* request,
      v1::ReplayPlanResponse* response) override;
  grpc::ServerUnaryReactor* Backtest(grpc::CallbackServerContext* context,
                                     const v1::BacktestRequest* request,
                                     v1::BacktestResponse* response) override;
  grpc::ServerUnaryReactor* ProposePlan(
      grpc::CallbackServerContext* context,
      const v1::ProposePlanRequest* request,
      v1::ProposePlanResponse* response) override;
  grpc::ServerUnaryReactor* ApplyPlan(grpc::CallbackServerContext* context,
                                      const v1::ApplyPlanRequest* request,
                                      v1::ApplyPlanResponse* response) override;
  grpc::ServerUnaryReactor* RollBackPlan(
      grpc::CallbackServerContext* context,
      const v1::RollBackPlanRequest* request,
      v1::RollBackPlanResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_PLAN_SERVICE_H_
