// PolicyService: policies, read and changed through core's commands.
#ifndef LB_CONTROLLER_RPC_POLICY_SERVICE_H_
#define LB_CONTROLLER_RPC_POLICY_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/policy_service.grpc.pb.h"

namespace lb::controller {

class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  explicit PolicyService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetPolicyRequest* request,
                                      v1::GetPolicyResponse* response) override;
  grpc::ServerUnaryReactor* UpdatePolicy(
      grpc::CallbackServerContext* context,
      const v1::UpdatePolicyRequest* request,
      v1::UpdatePolicyResponse* response) override;
  grpc::ServerUnaryReactor* DeletePolicy(
      grpc::CallbackServerContext* context,
      const v1::DeletePolicyRequest* request,
      v1::DeletePolicyResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_POLICY_SERVICE_H_
