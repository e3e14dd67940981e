#include "controller/rpc/load_service.h"

#include <memory>
#include <string>
#include <utility>

#include "controller/core/resource_name.h"
#include "controller/rpc/convert_load.h"
#include "controller/rpc/unary_call.h"
#include "controller/rpc/watch_stream.h"

namespace lb::controller {
namespace {

class LoadWriter final : public StreamSink<LoadSink, v1::WatchLoadsResponse> {
 public:
  using StreamSink::StreamSink;

  void OnLoad(const ProcessorSample& sample) override {
    v1::WatchLoadsResponse response;
    FillLoad(sample, *response.mutable_load());
    writer.Write(std::move(response));
  }
};

void FillLoads(const Page<ProcessorSample>& page,
               v1::ListLoadsResponse& response) {
  for (const ProcessorSample& sample : page.items) {
    FillLoad(sample, *response.add_loads());
  }
  response.set_next_page_token(page.next_page_token);
}

}  // namespace

grpc::ServerUnaryReactor* LoadService::ListLoads(
    grpc::CallbackServerContext* context, const v1::ListLoadsRequest* request,
    v1::ListLoadsResponse* response) {
  return Serve(
      entrance_, context, request, response, FillLoads,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        const auto span = TimeSpanFrom(*request);
        if (!span.ok()) return done(span.status());
        core.queries.ListLoads(request->parent(), span->from, span->to,
                               request->page_size(), request->page_token(),
                               std::move(done));
      });
}

grpc::ServerWriteReactor<v1::WatchLoadsResponse>* LoadService::WatchLoads(
    grpc::CallbackServerContext* context,
    const v1::WatchLoadsRequest* request) {
  LoadHub& hub = entrance_.core().loads;
  return new WatchStream<LoadHub, LoadWriter, v1::WatchLoadsResponse>(
      entrance_, *context, *request, hub,
      [&hub, parent = request->parent()](
          std::shared_ptr<LoadSink> sink) -> absl::StatusOr<LoadHub::WatchId> {
        LB_ASSIGN_OR_RETURN(std::string host, ParseParent(parent));
        return hub.Watch(std::move(host), std::move(sink));
      });
}

}  // namespace lb::controller
