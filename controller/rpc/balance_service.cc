#include "controller/rpc/balance_service.h"

#include "controller/rpc/convert_change.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {

grpc::ServerUnaryReactor* BalanceService::PauseBalance(
    grpc::CallbackServerContext* context,
    const v1::PauseBalanceRequest* request,
    v1::PauseBalanceResponse* response) {
  return Serve(entrance_, context, request, response,
               FillReceiptOf<v1::PauseBalanceResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.PauseBalance(std::move(call), request->parent(),
                                            std::move(done));
               });
}

grpc::ServerUnaryReactor* BalanceService::ResumeBalance(
    grpc::CallbackServerContext* context,
    const v1::ResumeBalanceRequest* request,
    v1::ResumeBalanceResponse* response) {
  return Serve(entrance_, context, request, response,
               FillReceiptOf<v1::ResumeBalanceResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.ResumeBalance(std::move(call), request->parent(),
                                             std::move(done));
               });
}

}  // namespace lb::controller
