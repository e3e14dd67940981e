// LoadService: lists from core's queries, watches from its load hub.
#ifndef LB_CONTROLLER_RPC_LOAD_SERVICE_H_
#define LB_CONTROLLER_RPC_LOAD_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/load_service.grpc.pb.h"

namespace lb::controller {

class LoadService final : public v1::LoadService::CallbackService {
 public:
  explicit LoadService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* ListLoads(grpc::CallbackServerContext* context,
                                      const v1::ListLoadsRequest* request,
                                      v1::ListLoadsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchLoadsResponse>* WatchLoads(
      grpc::CallbackServerContext* context,
      const v1::WatchLoadsRequest* request) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_LOAD_SERVICE_H_
