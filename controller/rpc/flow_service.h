// FlowService: asks the agents, through core's agent queries.
#ifndef LB_CONTROLLER_RPC_FLOW_SERVICE_H_
#define LB_CONTROLLER_RPC_FLOW_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/flow_service.grpc.pb.h"

namespace lb::controller {

class FlowService final : public v1::FlowService::CallbackService {
 public:
  explicit FlowService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* TraceFlow(grpc::CallbackServerContext* context,
                                      const v1::TraceFlowRequest* request,
                                      v1::TraceFlowResponse* response) override;
  grpc::ServerUnaryReactor* ListHeaviestFlows(
      grpc::CallbackServerContext* context,
      const v1::ListHeaviestFlowsRequest* request,
      v1::ListHeaviestFlowsResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_FLOW_SERVICE_H_
