#include "controller/rpc/bucket_service.h"

#include <optional>

#include "controller/rpc/convert_change.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {

grpc::ServerUnaryReactor* BucketService::PinBucket(
    grpc::CallbackServerContext* context, const v1::PinBucketRequest* request,
    v1::PinBucketResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedHost<v1::PinBucketResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 std::optional<ProcessorId> processor;
                 if (request->has_processor()) {
                   const auto id =
                       ProcessorFrom(request->processor(), "processor");
                   if (!id.ok()) return done(id.status());
                   processor = *id;
                 }
                 core.commands.PinBucket(std::move(call), request->name(),
                                         processor, std::move(done));
               });
}

grpc::ServerUnaryReactor* BucketService::UnpinBucket(
    grpc::CallbackServerContext* context, const v1::UnpinBucketRequest* request,
    v1::UnpinBucketResponse* response) {
  return Serve(entrance_, context, request, response,
               FillChangedHost<v1::UnpinBucketResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.UnpinBucket(std::move(call), request->name(),
                                           std::move(done));
               });
}

}  // namespace lb::controller
