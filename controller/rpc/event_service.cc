#include "controller/rpc/event_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/core/resource_name.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/status_map.h"
#include "controller/rpc/stream_writer.h"

namespace lb::controller {
namespace {

using Reactor = grpc::ServerWriteReactor<v1::WatchEventsResponse>;

class StreamSink final : public EventSink {
 public:
  explicit StreamSink(Reactor* reactor) : writer(reactor) {}

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
  void OnEnd(absl::Status status) override { writer.Finish(ToGrpc(status)); }
  std::size_t waiting() const override { return writer.waiting(); }

  StreamWriter<Reactor, v1::WatchEventsResponse> writer;
  EventHub::WatchId watch = 0;  // the loop's
};

class EventStream final : public Reactor {
 public:
  EventStream(const CoreAccess& core, const v1::WatchEventsRequest& request)
      : core_(core), sink_(std::make_shared<StreamSink>(this)) {
    absl::StatusOr<std::string> host = ParseParent(request.parent());
    if (!host.ok()) {
      sink_->OnEnd(host.status());
      return;
    }
    core_.loop.Post([&hub = core_.hub, sink = sink_, host = *std::move(host),
                     after = request.after_revision()]() mutable {
      sink->watch = hub.Watch(std::move(host), after, sink);
    });
  }

  void OnWriteDone(bool ok) override {
    if (!sink_->writer.OnWriteDone(ok)) return;
    core_.loop.Post(
        [&hub = core_.hub, sink = sink_] { hub.OnRoom(sink->watch); });
  }

  void OnCancel() override { sink_->writer.Abandon(grpc::Status::CANCELLED); }

  void OnDone() override {
    sink_->writer.Detach();
    core_.loop.Post(
        [&hub = core_.hub, sink = sink_] { hub.Unwatch(sink->watch); });
    delete this;
  }

 private:
  const CoreAccess core_;
  const std::shared_ptr<StreamSink> sink_;
};

}  // namespace

// Request and response live until the reactor is finished.
grpc::ServerUnaryReactor* EventService::ListEvents(
    grpc::CallbackServerContext* context, const v1::ListEventsRequest* request,
    v1::ListEventsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  core_.loop.Post([&queries = core_.queries, request, response, reactor] {
    queries.ListEvents(
        request->parent(), request->page_size(), request->page_token(),
        [response, reactor](const absl::StatusOr<Page<Event>>& page) {
          if (page.ok()) {
            for (const Event& event : page->items) {
              FillEvent(event, *response->add_events());
            }
            response->set_next_page_token(page->next_page_token);
          }
          reactor->Finish(ToGrpc(page.status()));
        });
  });
  return reactor;
}

grpc::ServerWriteReactor<v1::WatchEventsResponse>* EventService::WatchEvents(
    grpc::CallbackServerContext* /*context*/,
    const v1::WatchEventsRequest* request) {
  return new EventStream(core_, *request);
}

}  // namespace lb::controller
