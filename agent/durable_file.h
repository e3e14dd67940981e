// Small private files that survive a crash whole. Any thread, one per file.
#ifndef LB_AGENT_DURABLE_FILE_H_
#define LB_AGENT_DURABLE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::agent {

// Replaces `path` by `content`, mode 0600: writes PATH.new, fsyncs it, renames
// it and fsyncs the directory. On an error the old file is still there, or, if
// only the last step failed, the new one.
absl::Status WriteFileDurably(const std::string& path,
                              std::string_view content);

// The whole file. NOT_FOUND if there is none, OUT_OF_RANGE if it is longer
// than `limit_bytes`, PERMISSION_DENIED if others than its owner may read it,
// each naming the way out.
absl::StatusOr<std::string> ReadPrivateFile(const std::string& path,
                                            std::size_t limit_bytes);

}  // namespace lb::agent

#endif  // LB_AGENT_DURABLE_FILE_H_
