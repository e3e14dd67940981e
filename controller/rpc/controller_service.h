// ControllerService: how the controller is, its backup and its adoption.
#ifndef LB_CONTROLLER_RPC_CONTROLLER_SERVICE_H_
#define LB_CONTROLLER_RPC_CONTROLLER_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "controller/rpc/listener_list.h"
#include "lb/v1/controller_service.grpc.pb.h"

namespace lb::controller {

class ControllerService final : public v1::ControllerService::CallbackService {
 public:
  ControllerService(Entrance& entrance, const ListenerList& listeners)
      : entrance_(entrance), listeners_(listeners) {}

  grpc::ServerUnaryReactor* GetStatus(grpc::CallbackServerContext* context,
                                      const v1::GetStatusRequest* request,
                                      v1::GetStatusResponse* response) override;
  grpc::ServerUnaryReactor* BackUp(grpc::CallbackServerContext* context,
                                   const v1::BackUpRequest* request,
                                   v1::BackUpResponse* response) override;
  grpc::ServerUnaryReactor* Adopt(grpc::CallbackServerContext* context,
                                  const v1::AdoptRequest* request,
                                  v1::AdoptResponse* response) override;

 private:
  Entrance& entrance_;
  const ListenerList& listeners_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONTROLLER_SERVICE_H_
