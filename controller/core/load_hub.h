// Brings measurements as they arrive to those who watch them. Nobody waits for
// a slow watcher, and no memory is lost to one: of each host the newest
// measurement takes the place of the one he has not taken. On the loop's
// thread.
#ifndef LB_CONTROLLER_CORE_LOAD_HUB_H_
#define LB_CONTROLLER_CORE_LOAD_HUB_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "controller/core/records.h"

namespace lb::controller {

// Where a watch delivers. Called on the loop's thread; must not block.
class LoadSink {
 public:
  virtual ~LoadSink() = default;
  virtual void OnLoad(const ProcessorSample& sample) = 0;
  // The watch is over; nothing follows.
  virtual void OnEnd(absl::Status status) = 0;
  // How many samples wait because the watcher has not read them.
  virtual std::size_t waiting() const = 0;
};

class LoadHub {
 public:
  using WatchId = std::uint64_t;
  // From so many waiting on, the newest sample of each host is held back.
  static constexpr std::size_t kMostWaiting = 64;

  // Samples of `host` (empty: all) from now on.
  WatchId Watch(std::string host, std::shared_ptr<LoadSink> sink);
  // The watcher left: nothing more is delivered. Unknown ids are ignored.
  void Unwatch(WatchId id);
  // The sink's waiting samples are gone: it gets what was held back.
  void OnRoom(WatchId id);

  void Publish(const ProcessorSample& sample);
  // Ends every watch.
  void EndAll(const absl::Status& status);

 private:
  using Sample = std::shared_ptr<const ProcessorSample>;
  struct Watcher {
    std::string host;
    std::shared_ptr<LoadSink> sink;
    std::map<std::string, Sample> held;  // newest by host; most often empty
  };

  WatchId last_id_ = 0;
  std::map<WatchId, Watcher> watchers_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_LOAD_HUB_H_
