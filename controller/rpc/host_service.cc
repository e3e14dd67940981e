#include "controller/rpc/host_service.h"

#include "controller/rpc/convert_view.h"
#include "controller/rpc/status_map.h"

namespace lb::controller {

// Request and response live until the reactor is finished.
grpc::ServerUnaryReactor* HostService::ListHosts(
    grpc::CallbackServerContext* context, const v1::ListHostsRequest* request,
    v1::ListHostsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  core_.loop.Post([&queries = core_.queries, request, response, reactor] {
    const auto page =
        queries.ListHosts(request->page_size(), request->page_token());
    if (page.ok()) {
      for (const HostView& host : page->items) {
        FillHost(host, Detail::kListed, *response->add_hosts());
      }
      response->set_next_page_token(page->next_page_token);
    }
    reactor->Finish(ToGrpc(page.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* HostService::GetHost(
    grpc::CallbackServerContext* context, const v1::GetHostRequest* request,
    v1::GetHostResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  core_.loop.Post([&queries = core_.queries, request, response, reactor] {
    const auto host = queries.GetHost(request->name());
    if (host.ok()) FillHost(*host, Detail::kWhole, *response->mutable_host());
    reactor->Finish(ToGrpc(host.status()));
  });
  return reactor;
}

}  // namespace lb::controller
