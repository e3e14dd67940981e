#include "controller/rpc/policy_service.h"

#include "controller/rpc/convert_change.h"
#include "controller/rpc/convert_policy.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {
namespace {

void FillGet(const NamedPolicy& policy, v1::GetPolicyResponse& response) {
  FillNamedPolicy(policy, *response.mutable_policy());
}

void FillUpdate(const Changed<NamedPolicy>& changed,
                v1::UpdatePolicyResponse& response) {
  FillNamedPolicy(changed.value, *response.mutable_policy());
  FillReceipt(changed.receipt, *response.mutable_receipt());
}

}  // namespace

grpc::ServerUnaryReactor* PolicyService::GetPolicy(
    grpc::CallbackServerContext* context, const v1::GetPolicyRequest* request,
    v1::GetPolicyResponse* response) {
  return Serve(
      entrance_, context, request, response, FillGet,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        done(core.commands.GetPolicy(request->name()));
      });
}

grpc::ServerUnaryReactor* PolicyService::UpdatePolicy(
    grpc::CallbackServerContext* context,
    const v1::UpdatePolicyRequest* request,
    v1::UpdatePolicyResponse* response) {
  return Serve(entrance_, context, request, response, FillUpdate,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 auto patch =
                     PolicyPatch(request->policy(), request->update_mask());
                 if (!patch.ok()) return done(patch.status());
                 core.commands.UpdatePolicy(std::move(call), request->name(),
                                            request->policy().etag(), *patch,
                                            std::move(done));
               });
}

grpc::ServerUnaryReactor* PolicyService::DeletePolicy(
    grpc::CallbackServerContext* context,
    const v1::DeletePolicyRequest* request,
    v1::DeletePolicyResponse* response) {
  return Serve(entrance_, context, request, response,
               FillReceiptOf<v1::DeletePolicyResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.DeletePolicy(std::move(call), request->name(),
                                            request->etag(), std::move(done));
               });
}

}  // namespace lb::controller
