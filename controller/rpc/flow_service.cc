#include "controller/rpc/flow_service.h"

#include <vector>

#include "controller/rpc/convert_flow.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {
namespace {

void FillTraced(const FlowTrace& trace, v1::TraceFlowResponse& response) {
  FillFlowTrace(trace, *response.mutable_trace());
}

void FillHeaviest(const std::vector<FlowInfo>& flows,
                  v1::ListHeaviestFlowsResponse& response) {
  for (const FlowInfo& flow : flows) FillFlow(flow, *response.add_flows());
}

}  // namespace

grpc::ServerUnaryReactor* FlowService::TraceFlow(
    grpc::CallbackServerContext* context, const v1::TraceFlowRequest* request,
    v1::TraceFlowResponse* response) {
  return Serve(
      entrance_, context, request, response, FillTraced,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        const auto key = FlowKeyFrom(request->key());
        if (!key.ok()) return done(key.status());
        core.agent_queries.TraceFlow(request->parent(), *key, std::move(done));
      });
}

grpc::ServerUnaryReactor* FlowService::ListHeaviestFlows(
    grpc::CallbackServerContext* context,
    const v1::ListHeaviestFlowsRequest* request,
    v1::ListHeaviestFlowsResponse* response) {
  return Serve(
      entrance_, context, request, response, FillHeaviest,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.agent_queries.ListHeaviestFlows(
            request->parent(), request->page_size(), std::move(done));
      });
}

}  // namespace lb::controller
