// The agent's directory for its key and its last plan, held by one process at
// a time. Any thread.
#ifndef LB_AGENT_STATE_DIRECTORY_H_
#define LB_AGENT_STATE_DIRECTORY_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "agent/file_descriptor.h"

namespace lb::agent {

class StateDirectory {
 public:
  // Makes the directory (not its parents) if it is missing, sets it to 0700
  // and locks it for as long as this object lives. UNAVAILABLE if another
  // process holds it, PERMISSION_DENIED if it belongs to somebody else.
  static absl::StatusOr<StateDirectory> Open(std::string path);

  // PATH/name.
  std::string File(std::string_view name) const;

 private:
  StateDirectory(std::string path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileDescriptor lock_;
};

}  // namespace lb::agent

#endif  // LB_AGENT_STATE_DIRECTORY_H_
