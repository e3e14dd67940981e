// The programs' log: one line per record on standard error. Thread safe.
#ifndef LB_COMMON_LOG_H_
#define LB_COMMON_LOG_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "spdlog/spdlog.h"

namespace lb {

// INVALID_ARGUMENT unless `name` is debug, info, warning or error. What it
// returns may be given to spdlog::set_level() while the program runs.
absl::StatusOr<spdlog::level::level_enum> ParseLogLevel(std::string_view name);

// Sets the process's log up: UTC time stamps, level, program name. Call once
// from main. Errors are ParseLogLevel()'s.
absl::Status InitLog(std::string_view program, std::string_view level);

}  // namespace lb

#endif  // LB_COMMON_LOG_H_
