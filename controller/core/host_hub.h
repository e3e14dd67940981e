// Brings hosts to those who watch them: all as they are, then each again when
// something about it was committed. A host is always sent whole, so however
// many changes are made in a row, a watcher needs the last one only. On the
// loop's thread.
#ifndef LB_CONTROLLER_CORE_HOST_HUB_H_
#define LB_CONTROLLER_CORE_HOST_HUB_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "common/clock.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/host_view.h"
#include "controller/core/label_selector.h"

namespace lb::controller {

// Where a watch delivers. Called on the loop's thread; must not block.
class HostSink {
 public:
  virtual ~HostSink() = default;
  // Without table and bucket loads.
  virtual void OnHost(const HostView& host) = 0;
  // The host was forgotten, or is no longer selected.
  virtual void OnRemoved(const std::string& host) = 0;
  // Everything up to `revision` was delivered.
  virtual void OnSynced(std::uint64_t revision) = 0;
  // The watch is over; nothing follows.
  virtual void OnEnd(absl::Status status) = 0;
  // How many changes wait because the watcher has not read them.
  virtual std::size_t waiting() const = 0;
};

class HostHub {
 public:
  using WatchId = std::uint64_t;
  // So many hosts are sent before there must be room again.
  static constexpr std::size_t kPage = 256;
  // A watcher in step with so many changes waiting is cut.
  static constexpr std::size_t kMostWaiting = 1'024;
  // How often watchers in step are told so while nothing changes.
  static constexpr std::chrono::seconds kBookmark = EventHub::kBookmark;

  // All outlive the hub, and the loop runs nothing more once it is gone.
  HostHub(EventLoop& loop, EventHub& events, const Fleet& fleet,
          const Clock& clock)
      : loop_(loop), events_(events), fleet_(fleet), clock_(clock) {}
  HostHub(const HostHub&) = delete;
  HostHub& operator=(const HostHub&) = delete;
  ~HostHub();

  // Begins to follow what is committed. To be called once, when the fleet has
  // started.
  void Start();

  // The hosts that `selector` selects; with `after`, from an earlier watch
  // of the same selector, only what changed since. Ends at once with
  // OUT_OF_RANGE if that is not known any more, or not yet.
  WatchId Watch(LabelSelector selector, std::uint64_t after,
                std::shared_ptr<HostSink> sink);
  // The watcher left: nothing more is delivered. Unknown ids are ignored.
  void Unwatch(WatchId id);
  // The sink's waiting changes are gone: the watch may catch up further.
  void OnRoom(WatchId id);
  // Ends every watch.
  void EndAll(const absl::Status& status);

 private:
  class Follower;

  struct Watcher {
    LabelSelector selector;
    std::shared_ptr<HostSink> sink;
    // To be sent, as they will be then. While there are any, the watcher is
    // not in step.
    std::set<std::string> due;
    std::set<std::string> shown;  // sent, and not removed since
    std::uint64_t synced = 0;     // revision last told
    bool in_step = false;
  };

  void OnEvent(const Event& event);
  // Something about `host` (empty: about every host) was committed.
  void NoteChange(const std::string& host);
  // Sends what has changed since the last time, once for all watchers.
  void Flush();
  void Bookmark();
  // Sends what is due, a page at most; then, if that was all, that it was.
  void CatchUp(Watcher& watcher);
  void Deliver(const std::string& host, const HostView* view, Watcher& watcher);
  void TellSynced(Watcher& watcher);
  std::optional<HostView> Look(const std::string& host) const;

  EventLoop& loop_;
  EventHub& events_;
  const Fleet& fleet_;
  const Clock& clock_;
  std::optional<EventHub::WatchId> following_;
  std::uint64_t first_revision_ = 0;  // what changed before is not known
  std::uint64_t revision_ = 0;
  std::map<std::string, std::uint64_t> changed_;  // last time, by host
  std::set<std::string> fresh_;                   // changed, not flushed yet
  bool flush_posted_ = false;
  WatchId last_id_ = 0;
  std::map<WatchId, Watcher> watchers_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_HOST_HUB_H_
