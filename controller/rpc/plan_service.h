// PlanService: answers from core's queries.
#ifndef LB_CONTROLLER_RPC_PLAN_SERVICE_H_
#define LB_CONTROLLER_RPC_PLAN_SERVICE_H_

#include "controller/rpc/core_access.h"
#include "lb/v1/plan_service.grpc.pb.h"

namespace lb::controller {

class PlanService final : public v1::PlanService::CallbackService {
 public:
  explicit PlanService(CoreAccess core) : core_(core) {}

  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context,
                                      const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override;
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context,
                                    const v1::GetPlanRequest* request,
                                    v1::GetPlanResponse* response) override;

 private:
  const CoreAccess core_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_PLAN_SERVICE_H_
