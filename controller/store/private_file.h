// Files that only their owner may read, and that are on disk before anything
// relies on them. Any thread.
#ifndef LB_CONTROLLER_STORE_PRIVATE_FILE_H_
#define LB_CONTROLLER_STORE_PRIVATE_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace lb::controller {

// An empty file, mode 0600, in place of what was there. SQLite makes files by
// the umask, and its side files with the mode of the file: so ours come first.
absl::Status CreatePrivateFile(const std::string& path);

// Waits until the file, or what the directory lists, is on disk. Never for a
// database that others may open: it would end the locks SQLite has on it.
absl::Status SyncPath(const std::string& path);

// Gives `fresh`, which is synced first, the name `path`, durably.
absl::Status RenameDurably(const std::string& fresh, const std::string& path);

// The directory that `path` is in.
std::string ParentOf(const std::string& path);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_PRIVATE_FILE_H_
