// Small files that people write, read whole. Any thread.
#ifndef LB_COMMON_TEXT_FILE_H_
#define LB_COMMON_TEXT_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace lb {

// The file's bytes. Errors name the path; a directory is FAILED_PRECONDITION,
// the others are the system's.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace lb

#endif  // LB_COMMON_TEXT_FILE_H_
