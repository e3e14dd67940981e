#include "controller/rpc/load_service.h"

#include <memory>
#include <string>
#include <utility>

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

// Of reports, minutes or hours.
template <class Item>
void FillLoads(const Page<Item>& page, v1::ListLoadsResponse& response) {
  for (const Item& item : page.items) FillLoad(item, *response.add_loads());
  response.set_next_page_token(page.next_page_token);
}

absl::StatusOr<LoadsRequest> LoadsRequestFrom(
    const v1::ListLoadsRequest& message) {
  LB_ASSIGN_OR_RETURN(const TimeSpan span, TimeSpanFrom(message));
  return LoadsRequest{message.parent(), span.from, span.to, message.page_size(),
                      message.page_token()};
}

}  // namespace

grpc::ServerUnaryReactor* LoadService::ListLoads(
    grpc::CallbackServerContext* context, const v1::ListLoadsRequest* request,
    v1::ListLoadsResponse* response) {
  const auto period = RollUpPeriodFrom(request->resolution());
  if (period.ok() && *period) {
    return Serve(entrance_, context, request, response, FillLoads<LoadRollUp>,
                 [request, period = **period](const CoreAccess& core,
                                              const Call& /*call*/, auto done) {
                   const auto asked = LoadsRequestFrom(*request);
                   if (!asked.ok()) return done(asked.status());
                   core.queries.ListRollUps(period, *asked, std::move(done));
                 });
  }
  return Serve(entrance_, context, request, response,
               FillLoads<ProcessorSample>,
               [request, status = period.status()](
                   const CoreAccess& core, const Call& /*call*/, auto done) {
                 if (!status.ok()) return done(status);
                 const auto asked = LoadsRequestFrom(*request);
                 if (!asked.ok()) return done(asked.status());
                 core.queries.ListLoads(*asked, std::move(done));
               });
}

grpc::ServerWriteReactor<v1::WatchLoadsResponse>* LoadService::WatchLoads(
    grpc::CallbackServerContext* context,
    const v1::WatchLoadsRequest* request) {
  LoadHub& hub = entrance_.core().loads;
  return new WatchStream<LoadHub, LoadWriter, v1::WatchLoadsResponse>(
      entrance_, *context, *request, hub,
      [&hub, &queries = entrance_.core().queries, parent = request->parent()](
          std::shared_ptr<LoadSink> sink) -> absl::StatusOr<LoadHub::WatchId> {
        LB_ASSIGN_OR_RETURN(std::string host, queries.FindParent(parent));
        return hub.Watch(std::move(host), std::move(sink));
      });
}

}  // namespace lb::controller
