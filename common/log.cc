#include "common/log.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace lb {

absl::Status InitLog(std::string_view program, std::string_view level) {
  auto logger = std::make_shared<spdlog::logger>(
      std::string(program), std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %n: %v",
                      spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  if (level == "debug") {
    logger->set_level(spdlog::level::debug);
  } else if (level == "info") {
    logger->set_level(spdlog::level::info);
  } else if (level == "warning") {
    logger->set_level(spdlog::level::warn);
  } else if (level == "error") {
    logger->set_level(spdlog::level::err);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("log level \"", ToAbsl(level),
                     "\" is unknown; use debug, info, warning or error"));
  }
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

}  // namespace lb
