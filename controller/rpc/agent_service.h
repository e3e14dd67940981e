// AgentService: the streams of agents, handed to the fleet. gRPC's threads only
// read; what is said is made out on the intake's thread and acted on by the
// loop, one message of a stream at a time.
#ifndef LB_CONTROLLER_RPC_AGENT_SERVICE_H_
#define LB_CONTROLLER_RPC_AGENT_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/agent_service.grpc.pb.h"

namespace lb::controller {

// Raw, so that a stream does not keep what its last message was parsed into.
class AgentService final
    : public v1::AgentService::WithRawCallbackMethod_Connect<
          v1::AgentService::Service> {
 public:
  explicit AgentService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Connect(
      grpc::CallbackServerContext* context) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_AGENT_SERVICE_H_
