// A stream of what one of core's hubs brings to a watcher. The hub's sink
// writes to the stream; what waits there is what the hub counts.
#ifndef LB_CONTROLLER_RPC_WATCH_STREAM_H_
#define LB_CONTROLLER_RPC_WATCH_STREAM_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "controller/rpc/entrance.h"
#include "controller/rpc/status_map.h"
#include "controller/rpc/stream_writer.h"
#include "grpcpp/grpcpp.h"

namespace lb::controller {

// What all sinks have in common; `Sink` is the hub's.
template <class Sink, class Response>
class StreamSink : public Sink {
 public:
  using Reactor = grpc::ServerWriteReactor<Response>;

  explicit StreamSink(Reactor* reactor) : writer(reactor) {}

  void OnEnd(absl::Status status) override { writer.Finish(ToGrpc(status)); }
  std::size_t waiting() const override { return writer.waiting(); }

  StreamWriter<Reactor, Response> writer;
};

// `Sink` is derived from StreamSink and writes its hub's messages.
template <class Hub, class Sink, class Response>
class WatchStream final : public grpc::ServerWriteReactor<Response> {
 public:
  // `begin` is called on the loop with the sink, and gives the hub's id of the
  // watch, or why there is none.
  template <class Request, class Begin>
  WatchStream(Entrance& entrance, const grpc::ServerContextBase& context,
              const Request& request, Hub& hub, Begin begin)
      : loop_(entrance.core().loop),
        hub_(hub),
        watch_(std::make_shared<Watch>(this)) {
    const absl::StatusOr<Admission> admission =
        entrance.Authorize(context, request);
    if (!admission.ok()) {
      watch_->sink.OnEnd(admission.status());
      return;
    }
    auto place =
        entrance.WatchOver(*admission, MethodOf<Request>(),
                           [watch = watch_](const absl::Status& status) {
                             watch->sink.OnEnd(status);
                           });
    if (!place.ok()) {
      watch_->sink.OnEnd(place.status());
      return;
    }
    place_ = *std::move(place);
    loop_.Post([watch = watch_, begin = std::move(begin)]() mutable {
      // So that the caller knows, where there is nothing to be sent yet.
      watch->sink.writer.IfOpen(
          [](auto& reactor) { reactor.StartSendInitialMetadata(); });
      const absl::StatusOr<typename Hub::WatchId> id =
          begin(std::shared_ptr<Sink>(watch, &watch->sink));
      if (id.ok()) {
        watch->id = *id;
      } else {
        watch->sink.OnEnd(id.status());
      }
    });
  }

  void OnWriteDone(bool ok) override {
    if (!watch_->sink.writer.OnWriteDone(ok)) return;
    loop_.Post([&hub = hub_, watch = watch_] { hub.OnRoom(watch->id); });
  }

  void OnCancel() override {
    watch_->sink.writer.Abandon(grpc::Status::CANCELLED);
  }

  void OnDone() override {
    watch_->sink.writer.Detach();
    loop_.Post([&hub = hub_, watch = watch_] { hub.Unwatch(watch->id); });
    delete this;
  }

 private:
  struct Watch {
    explicit Watch(grpc::ServerWriteReactor<Response>* reactor)
        : sink(reactor) {}
    Sink sink;
    typename Hub::WatchId id = 0;  // the loop's
  };

  EventLoop& loop_;
  Hub& hub_;
  const std::shared_ptr<Watch> watch_;
  std::unique_ptr<OpenStreams::Place> place_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_WATCH_STREAM_H_
