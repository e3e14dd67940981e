// SQLite's own way to the files, where a test sees which ones are synced and
// can have that report an error.
#ifndef LB_TESTS_CONTROLLER_SYNC_WATCH_H_
#define LB_TESTS_CONTROLLER_SYNC_WATCH_H_

#include <string>

namespace lb::controller {

// One at a time. Of files that are opened while it lives, and closed before it
// ends. Any thread.
class SyncWatch {
 public:
  SyncWatch();
  SyncWatch(const SyncWatch&) = delete;
  SyncWatch& operator=(const SyncWatch&) = delete;
  ~SyncWatch();

  // How often the file at `path` was synced so far.
  int Count(const std::string& path) const;
  // The next sync of that file, or every one until Heal(), is made and reported
  // as failed.
  void FailNext(const std::string& path);
  void FailAll(const std::string& path);
  void Heal();
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_SYNC_WATCH_H_
