// Bytes under a path that only this process can open, and that changes whole:
// keys and certificates as gRPC's watcher of files reads them. Nothing of it
// reaches a disk. Called by one thread; any thread may read the path.
#ifndef LB_CONTROLLER_RPC_STAGED_FILE_H_
#define LB_CONTROLLER_RPC_STAGED_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

class StagedFile {
 public:
  // Errors are the system's.
  static absl::StatusOr<StagedFile> Make(std::string_view bytes);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

  // Who opens the path finds the bytes from before or these, never a mixture.
  absl::Status Replace(std::string_view bytes);

  std::string path() const;

 private:
  explicit StagedFile(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_STAGED_FILE_H_
