#include "controller/rpc/host_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/rpc/convert_change.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/unary_call.h"
#include "controller/rpc/watch_stream.h"

namespace lb::controller {
namespace {

class HostWriter final : public StreamSink<HostSink, v1::WatchHostsResponse> {
 public:
  using StreamSink::StreamSink;

  void OnHost(const HostView& host) override {
    v1::WatchHostsResponse response;
    FillHost(host, Detail::kListed, *response.mutable_host());
    writer.Write(std::move(response));
  }
  void OnRemoved(const std::string& host) override {
    v1::WatchHostsResponse response;
    response.set_removed(absl::StrCat("hosts/", host));
    writer.Write(std::move(response));
  }
  void OnSynced(std::uint64_t revision) override {
    v1::WatchHostsResponse response;
    response.set_synced_revision(revision);
    writer.Write(std::move(response));
  }
};

void FillHosts(const Page<HostView>& page, v1::ListHostsResponse& response) {
  for (const HostView& host : page.items) {
    FillHost(host, Detail::kListed, *response.add_hosts());
  }
  response.set_next_page_token(page.next_page_token);
  response.set_revision(page.revision);
}

void FillGet(const HostView& host, v1::GetHostResponse& response) {
  FillHost(host, Detail::kWhole, *response.mutable_host());
}

}  // namespace

grpc::ServerUnaryReactor* HostService::ListHosts(
    grpc::CallbackServerContext* context, const v1::ListHostsRequest* request,
    v1::ListHostsResponse* response) {
  return Serve(
      entrance_, context, request, response, FillHosts,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        done(core.queries.ListHosts(request->page_size(), request->page_token(),
                                    request->selector()));
      });
}

grpc::ServerUnaryReactor* HostService::GetHost(
    grpc::CallbackServerContext* context, const v1::GetHostRequest* request,
    v1::GetHostResponse* response) {
  return Serve(
      entrance_, context, request, response, FillGet,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        done(core.queries.GetHost(request->name()));
      });
}

grpc::ServerWriteReactor<v1::WatchHostsResponse>* HostService::WatchHosts(
    grpc::CallbackServerContext* context,
    const v1::WatchHostsRequest* request) {
  HostHub& hub = entrance_.core().hosts;
  return new WatchStream<HostHub, HostWriter, v1::WatchHostsResponse>(
      entrance_, *context, *request, hub,
      [&hub, selector = request->selector(), after = request->after_revision()](
          std::shared_ptr<HostSink> sink) -> absl::StatusOr<HostHub::WatchId> {
        LB_ASSIGN_OR_RETURN(LabelSelector labels,
                            LabelSelector::Parse(selector));
        return hub.Watch(std::move(labels), after, std::move(sink));
      });
}

grpc::ServerUnaryReactor* HostService::ForgetHost(
    grpc::CallbackServerContext* context, const v1::ForgetHostRequest* request,
    v1::ForgetHostResponse* response) {
  return Serve(entrance_, context, request, response,
               FillReceiptOf<v1::ForgetHostResponse>,
               [request](const CoreAccess& core, Call&& call, auto done) {
                 core.commands.ForgetHost(std::move(call), request->name(),
                                          std::move(done));
               });
}

}  // namespace lb::controller
