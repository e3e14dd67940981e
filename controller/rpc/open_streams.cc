#include "controller/rpc/open_streams.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {

absl::StatusOr<std::unique_ptr<OpenStreams::Place>> OpenStreams::Add(
    Identity identity, const Method& method, Check check, Close close) {
  const std::lock_guard lock(mutex_);
  std::size_t& count = by_caller_[identity.name];
  if (count >= kMostPerCaller && method.needs != Role::kAgent) {
    return WithReason(absl::ResourceExhaustedError(absl::StrCat(
                          identity.name, " has ", count,
                          " streams open; end some before it opens more")),
                      "TOO_MANY_STREAMS");
  }
  ++count;
  const std::uint64_t id = ++last_id_;
  streams_[id] = std::make_shared<const Stream>(
      Stream{std::move(identity), method, std::move(check), std::move(close)});
  return std::make_unique<Place>(*this, id);
}

void OpenStreams::CloseRefused() {
  std::vector<std::shared_ptr<const Stream>> streams;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, stream] : streams_) streams.push_back(stream);
  }
  // Without the lock: a stream that closes takes its place away.
  for (const auto& stream : streams) {
    const absl::Status status = stream->check(stream->identity, stream->method);
    if (!status.ok()) stream->close(status);
  }
}

std::size_t OpenStreams::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

void OpenStreams::WaitUntilNone(
    std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  none_.wait_until(lock, deadline, [this] { return streams_.empty(); });
}

void OpenStreams::Remove(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto it = streams_.find(id);
  const auto count = by_caller_.find(it->second->identity.name);
  if (--count->second == 0) by_caller_.erase(count);
  streams_.erase(it);
  if (streams_.empty()) none_.notify_all();
}

}  // namespace lb::controller
