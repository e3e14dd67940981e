// The directory the store lives in, held by one process at a time.
#ifndef LB_CONTROLLER_STORE_DATA_DIRECTORY_H_
#define LB_CONTROLLER_STORE_DATA_DIRECTORY_H_

#include <string>

#include "absl/status/statusor.h"

namespace lb::controller {

// Holds DIR/lock for as long as it lives; so does the kernel for a process
// that was killed, and lets go with it. Movable; any thread.
class DataDirectory {
 public:
  // UNAVAILABLE, naming the process and since when, if one holds it; makes
  // nothing. Another process may still take it afterwards.
  static absl::Status CheckFree(const std::string& path);

  // Makes the directory, mode 0700, where there is none. UNAVAILABLE as
  // CheckFree() says it; PERMISSION_DENIED if others may enter it and
  // it holds things that are not ours; else what the system says.
  static absl::StatusOr<DataDirectory> Hold(const std::string& path);

  DataDirectory(DataDirectory&& other) noexcept;
  DataDirectory& operator=(DataDirectory&&) = delete;
  ~DataDirectory();

  std::string control_path() const { return path_ + "/control.db"; }
  std::string telemetry_path() const { return path_ + "/telemetry.db"; }

 private:
  DataDirectory(std::string path, int lock)
      : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_;  // file descriptor; -1: moved away
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_DATA_DIRECTORY_H_
