#include "controller/rpc/processor_service.h"

#include "controller/rpc/convert_change.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {

grpc::ServerUnaryReactor* ProcessorService::DrainProcessor(
    grpc::CallbackServerContext* context,
    const v1::DrainProcessorRequest* request,
    v1::DrainProcessorResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedHost<v1::DrainProcessorResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.DrainProcessor(std::move(call), request->name(),
                                              std::move(done));
               });
}

grpc::ServerUnaryReactor* ProcessorService::UndrainProcessor(
    grpc::CallbackServerContext* context,
    const v1::UndrainProcessorRequest* request,
    v1::UndrainProcessorResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedHost<v1::UndrainProcessorResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.UndrainProcessor(
                     std::move(call), request->name(), std::move(done));
               });
}

}  // namespace lb::controller
