// BalanceService: pauses, carried out by core's commands.
#ifndef LB_CONTROLLER_RPC_BALANCE_SERVICE_H_
#define LB_CONTROLLER_RPC_BALANCE_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/balance_service.grpc.pb.h"

namespace lb::controller {

class BalanceService final : public v1::BalanceService::CallbackService {
 public:
  explicit BalanceService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* PauseBalance(
      grpc::CallbackServerContext* context,
      const v1::PauseBalanceRequest* request,
      v1::PauseBalanceResponse* response) override;
  grpc::ServerUnaryReactor* ResumeBalance(
      grpc::CallbackServerContext* context,
      const v1::ResumeBalanceRequest* request,
      v1::ResumeBalanceResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_BALANCE_SERVICE_H_
