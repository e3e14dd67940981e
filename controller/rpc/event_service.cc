#include "controller/rpc/event_service.h"

#include <memory>
#include <string>
#include <utility>

#include "controller/rpc/convert_view.h"
#include "controller/rpc/unary_call.h"
#include "controller/rpc/watch_stream.h"

namespace lb::controller {
namespace {

class EventWriter final
    : public StreamSink<EventSink, v1::WatchEventsResponse> {
 public:
  using StreamSink::StreamSink;

  void OnEvent(const Event& event) override {
    v1::WatchEventsResponse response;
    FillEvent(event, *response.mutable_event());
    writer.Write(std::move(response));
  }
  void OnSynced(std::uint64_t revision) override {
    v1::WatchEventsResponse response;
    response.set_synced_revision(revision);
    writer.Write(std::move(response));
  }
};

void FillEvents(const Page<Event>& page, v1::ListEventsResponse& response) {
  for (const Event& event : page.items) {
    FillEvent(event, *response.add_events());
  }
  response.set_next_page_token(page.next_page_token);
  response.set_revision(page.revision);
}

}  // namespace

grpc::ServerUnaryReactor* EventService::ListEvents(
    grpc::CallbackServerContext* context, const v1::ListEventsRequest* request,
    v1::ListEventsResponse* response) {
  return Serve(
      entrance_, context, request, response, FillEvents,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.ListEvents(request->parent(), request->page_size(),
                                request->page_token(), std::move(done));
      });
}

grpc::ServerWriteReactor<v1::WatchEventsResponse>* EventService::WatchEvents(
    grpc::CallbackServerContext* context,
    const v1::WatchEventsRequest* request) {
  EventHub& hub = entrance_.core().events;
  return new WatchStream<EventHub, EventWriter, v1::WatchEventsResponse>(
      entrance_, *context, *request, hub,
      [&hub, &queries = entrance_.core().queries, parent = request->parent(),
       after = request->after_revision()](std::shared_ptr<EventSink> sink)
          -> absl::StatusOr<EventHub::WatchId> {
        LB_ASSIGN_OR_RETURN(std::string host, queries.FindParent(parent));
        return hub.Watch(std::move(host), after, std::move(sink));
      });
}

}  // namespace lb::controller
