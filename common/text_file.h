// Small files that people write, read whole. Any thread.
#ifndef LB_COMMON_TEXT_FILE_H_
#define LB_COMMON_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace lb {

// The file's bytes. Errors are the system's, and name the path.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace lb

#endif  // LB_COMMON_TEXT_FILE_H_
