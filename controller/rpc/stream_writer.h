// Writes of a stream of gRPC's callback API: one is under way at a time, the
// rest waits in order. Any thread may call; nothing blocks.
#ifndef LB_CONTROLLER_RPC_STREAM_WRITER_H_
#define LB_CONTROLLER_RPC_STREAM_WRITER_H_

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "grpcpp/support/status.h"

namespace lb::controller {

// Shared by a reactor and whoever writes to its stream; outlives the reactor,
// after which everything is thrown away.
template <class Reactor, class Message>
class StreamWriter {
 public:
  explicit StreamWriter(Reactor* reactor) : reactor_(reactor) {}

  void Write(Message message) {
    const std::lock_guard lock(mutex_);
    if (reactor_ == nullptr || end_) return;
    waiting_.push_back(std::move(message));
    if (!writing_) StartNext();
  }

  // Ends the stream after what is waiting; the first call counts, which is
  // true.
  bool Finish(grpc::Status status) {
    const std::lock_guard lock(mutex_);
    if (reactor_ == nullptr || end_) return false;
    end_ = std::move(status);
    if (!writing_) FinishNow();
    return true;
  }

  // The same, and what waits is thrown away: the peer is gone.
  void Abandon(grpc::Status status) {
    const std::lock_guard lock(mutex_);
    if (reactor_ == nullptr) return;
    // The element being written is waiting_'s first.
    waiting_.resize(writing_ ? 1 : 0);
    if (!end_) end_ = std::move(status);
    if (!writing_) FinishNow();
  }

  // Calls `start` with the reactor unless the stream is ending.
  template <class Start>
  void IfOpen(Start start) {
    const std::lock_guard lock(mutex_);
    if (reactor_ != nullptr && !finished_) start(*reactor_);
  }

  // The reactor's OnWriteDone. True if nothing waits any more.
  bool OnWriteDone(bool ok) {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    waiting_.pop_front();
    if (!ok) {
      waiting_.clear();
      if (!end_) end_ = grpc::Status(grpc::StatusCode::CANCELLED, "peer left");
    }
    if (!waiting_.empty()) {
      StartNext();
      return false;
    }
    if (end_) FinishNow();
    return true;
  }

  // The reactor's OnDone, before it is deleted.
  void Detach() {
    const std::lock_guard lock(mutex_);
    reactor_ = nullptr;
    waiting_.clear();
  }

  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  void StartNext() {
    writing_ = true;
    reactor_->StartWrite(&waiting_.front());
  }
  void FinishNow() {
    if (finished_) return;
    finished_ = true;
    reactor_->Finish(*end_);
  }

  mutable std::mutex mutex_;
  Reactor* reactor_;
  // A deque keeps its elements in place while others are added at the end.
  std::deque<Message> waiting_;
  bool writing_ = false;
  std::optional<grpc::Status> end_;
  bool finished_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_STREAM_WRITER_H_
