// AgentService: the streams of agents, handed to the fleet. gRPC's threads
// only convert; what is said is acted on by the loop, one message of a stream
// at a time.
#ifndef LB_CONTROLLER_RPC_AGENT_SERVICE_H_
#define LB_CONTROLLER_RPC_AGENT_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/agent_service.grpc.pb.h"

namespace lb::controller {

class AgentService final : public v1::AgentService::CallbackService {
 public:
  explicit AgentService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_AGENT_SERVICE_H_
