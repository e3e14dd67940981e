#include "common/log.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace lb {

absl::StatusOr<spdlog::level::level_enum> ParseLogLevel(std::string_view name) {
  if (name == "debug") return spdlog::level::debug;
  if (name == "info") return spdlog::level::info;
  if (name == "warning") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  return absl::InvalidArgumentError(
      absl::StrCat("log level \"", ToAbsl(name),
                   "\" is unknown; use debug, info, warning or error"));
}

absl::Status InitLog(std::string_view program, std::string_view level) {
  LB_ASSIGN_OR_RETURN(const spdlog::level::level_enum parsed,
                      ParseLogLevel(level));
  auto logger = std::make_shared<spdlog::logger>(
      std::string(program), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  logger->set_level(parsed);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

}  // namespace lb
