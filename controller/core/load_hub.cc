#include "controller/core/load_hub.h"

#include <utility>

namespace lb::controller {

LoadHub::WatchId LoadHub::Watch(std::string host,
                                std::shared_ptr<LoadSink> sink) {
  const WatchId id = ++last_id_;
  Watcher& watcher = watchers_[id];
  watcher.host = std::move(host);
  watcher.sink = std::move(sink);
  return id;
}

void LoadHub::Unwatch(WatchId id) { watchers_.erase(id); }

void LoadHub::OnRoom(WatchId id) {
  const auto it = watchers_.find(id);
  if (it == watchers_.end()) return;
  Watcher& watcher = it->second;
  while (!watcher.held.empty() && watcher.sink->waiting() < kMostWaiting) {
    const auto first = watcher.held.extract(watcher.held.begin());
    watcher.sink->OnLoad(*first.mapped());
  }
}

void LoadHub::Publish(const ProcessorSample& sample) {
  Sample kept;  // one copy for all who are slow
  for (auto& [id, watcher] : watchers_) {
    if (!watcher.host.empty() && watcher.host != sample.host) continue;
    // Behind what is held back, or two samples of a host might change places.
    if (watcher.held.empty() && watcher.sink->waiting() < kMostWaiting) {
      watcher.sink->OnLoad(sample);
      continue;
    }
    if (!kept) kept = std::make_shared<const ProcessorSample>(sample);
    watcher.held[sample.host] = kept;
  }
}

void LoadHub::EndAll(const absl::Status& status) {
  for (auto& [id, watcher] : std::exchange(watchers_, {})) {
    watcher.sink->OnEnd(status);
  }
}

}  // namespace lb::controller
