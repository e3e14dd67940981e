// Brings committed events to those who watch: first what is in the store, then
// live. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_EVENT_HUB_H_
#define LB_CONTROLLER_CORE_EVENT_HUB_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "controller/core/event_loop.h"
#include "controller/core/store.h"

namespace lb::controller {

// Where a watch delivers. Called on the loop's thread; must not block.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void OnEvent(const Event& event) = 0;
  // Everything up to `revision` was delivered; what follows is live. Again now
  // and then while the watcher keeps up.
  virtual void OnSynced(std::uint64_t revision) = 0;
  // The watch is over; nothing follows.
  virtual void OnEnd(absl::Status status) = 0;
  // How many events wait because the watcher has not read them.
  virtual std::size_t waiting() const = 0;
};

class EventHub {
 public:
  using WatchId = std::uint64_t;
  static constexpr std::uint32_t kPage = 256;
  // A live watcher with so many events waiting is cut.
  static constexpr std::size_t kMostWaiting = 1'024;
  // How often live watchers are told how far they are.
  static constexpr std::chrono::seconds kBookmark{15};

  // All outlive the hub, and the loop runs nothing more once it is gone.
  EventHub(Store& store, EventLoop& loop, const Clock& clock)
      : store_(store), loop_(loop), clock_(clock) {}

  // Begins to tell live watchers how far they are.
  void Start();

  // Number of the last commit there was before any Publish().
  void set_revision(std::uint64_t revision) { revision_ = revision; }
  // Of the last event published.
  std::uint64_t revision() const { return revision_; }

  // Events of `host` (empty: all) after revision `after`; 0: from now on.
  // Ends at once with OUT_OF_RANGE if `after` is ahead of the store.
  WatchId Watch(std::string host, std::uint64_t after,
                std::shared_ptr<EventSink> sink);
  // The watcher left: nothing more is delivered. Unknown ids are ignored.
  void Unwatch(WatchId id);
  // The sink's waiting events are gone: the watch may catch up further.
  void OnRoom(WatchId id);

  // A committed event, in the order of revisions.
  void Publish(const Event& event);
  // Ends every watch.
  void EndAll(const absl::Status& status);

 private:
  struct Watcher {
    std::string host;
    std::uint64_t sent = 0;  // last revision delivered
    bool live = false;
    bool reading = false;  // a page is on its way
    std::shared_ptr<EventSink> sink;
  };

  void ReadPage(WatchId id, Watcher& watcher);
  void OnPage(WatchId id, absl::StatusOr<std::vector<Event>> page);

  void Bookmark();

  Store& store_;
  EventLoop& loop_;
  const Clock& clock_;
  std::uint64_t revision_ = 0;
  WatchId last_id_ = 0;
  std::map<WatchId, Watcher> watchers_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_EVENT_HUB_H_
