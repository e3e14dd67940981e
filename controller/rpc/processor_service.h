// ProcessorService: drains, carried out by core's commands.
#ifndef LB_CONTROLLER_RPC_PROCESSOR_SERVICE_H_
#define LB_CONTROLLER_RPC_PROCESSOR_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/processor_service.grpc.pb.h"

namespace lb::controller {

class ProcessorService final : public v1::ProcessorService::CallbackService {
 public:
  explicit ProcessorService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* DrainProcessor(
      grpc::CallbackServerContext* context,
      const v1::DrainProcessorRequest* request,
      v1::DrainProcessorResponse* response) override;
  grpc::ServerUnaryReactor* UndrainProcessor(
      grpc::CallbackServerContext* context,
      const v1::UndrainProcessorRequest* request,
      v1::UndrainProcessorResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_PROCESSOR_SERVICE_H_
