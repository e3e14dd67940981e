// A backup: copies of both files in a directory of their own, which is whole
// or not there. Made by a thread that may wait; the copying itself is done by
// the threads that have the files open, a step at a time.
#ifndef LB_CONTROLLER_STORE_BACKUP_H_
#define LB_CONTROLLER_STORE_BACKUP_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/store.h"

namespace lb::controller {

// One file's copying, done between the other work of its thread, and waited
// for. CANCELLED if the store is closed meanwhile.
struct CopySteps {
  std::function<absl::Status(const std::string& to)> begin;
  // True: the copy is whole.
  std::function<absl::StatusOr<bool>(int pages)> go_on;
};

// As Store::BackUp(). The copy of control.db says that it is one of `time`.
absl::StatusOr<BackupInfo> MakeBackup(const std::string& directory,
                                      const CopySteps& control,
                                      const CopySteps& telemetry,
                                      WallTime time);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_BACKUP_H_
