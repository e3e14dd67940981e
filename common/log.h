// The programs' log: one line per record on standard error. Thread safe.
#ifndef LB_COMMON_LOG_H_
#define LB_COMMON_LOG_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "spdlog/spdlog.h"

namespace lb {

// Sets the process's log up: UTC time stamps, level, program name. Call once
// from main. INVALID_ARGUMENT unless level is debug, info, warning or error.
absl::Status InitLog(std::string_view program, std::string_view level);

}  // namespace lb

#endif  // LB_COMMON_LOG_H_
