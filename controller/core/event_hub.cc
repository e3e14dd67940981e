#include "controller/core/event_hub.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace lb::controller {

EventHub::WatchId EventHub::Watch(std::string host, std::uint64_t after,
                                  std::shared_ptr<EventSink> sink) {
  const WatchId id = ++last_id_;
  if (after > revision_) {
    sink->OnEnd(absl::OutOfRangeError(
        absl::StrCat("after_revision is ", after, ", the store's last is ",
                     revision_, "; list the events and watch from there")));
    return id;
  }
  Watcher& watcher = watchers_[id];
  watcher.host = std::move(host);
  watcher.sink = std::move(sink);
  watcher.sent = after == 0 ? revision_ : after;
  ReadPage(id, watcher);
  return id;
}

void EventHub::Unwatch(WatchId id) { watchers_.erase(id); }

void EventHub::OnRoom(WatchId id) {
  const auto it = watchers_.find(id);
  if (it == watchers_.end() || it->second.live || it->second.reading) return;
  ReadPage(id, it->second);
}

void EventHub::ReadPage(WatchId id, Watcher& watcher) {
  watcher.reading = true;
  store_.ListEventsAfter(watcher.host, watcher.sent, kPage,
                         [this, id](absl::StatusOr<std::vector<Event>> page) {
                           OnPage(id, std::move(page));
                         });
}

void EventHub::OnPage(WatchId id, absl::StatusOr<std::vector<Event>> page) {
  const auto it = watchers_.find(id);
  if (it == watchers_.end()) return;
  Watcher& watcher = it->second;
  watcher.reading = false;
  if (!page.ok()) {
    watcher.sink->OnEnd(page.status());
    watchers_.erase(it);
    return;
  }
  for (const Event& event : *page) {
    watcher.sent = event.revision;
    watcher.sink->OnEvent(event);
  }
  // A full page may have more behind it; that waits for room. The page was
  // read after every commit published so far and before any other, so nothing
  // falls between it and what is live from here.
  if (page->size() == kPage) return;
  watcher.live = true;
  watcher.sent = revision_;
  watcher.sink->OnSynced(revision_);
}

void EventHub::Publish(const Event& event) {
  revision_ = event.revision;
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    Watcher& watcher = it->second;
    if (!watcher.live ||
        (!watcher.host.empty() && watcher.host != event.host)) {
      ++it;
      continue;
    }
    if (watcher.sink->waiting() >= kMostWaiting) {
      watcher.sink->OnEnd(absl::ResourceExhaustedError(absl::StrCat(
          "the watcher is too slow; come back with after_revision ",
          watcher.sent)));
      it = watchers_.erase(it);
      continue;
    }
    watcher.sent = event.revision;
    watcher.sink->OnEvent(event);
    ++it;
  }
}

void EventHub::Start() {
  loop_.PostAt(clock_.Monotonic() + kBookmark, [this] { Bookmark(); });
}

void EventHub::Bookmark() {
  for (auto& [id, watcher] : watchers_) {
    if (!watcher.live || watcher.sink->waiting() != 0) continue;
    watcher.sent = revision_;
    watcher.sink->OnSynced(revision_);
  }
  Start();
}

void EventHub::EndAll(const absl::Status& status) {
  for (auto& [id, watcher] : std::exchange(watchers_, {})) {
    watcher.sink->OnEnd(status);
  }
}

}  // namespace lb::controller
