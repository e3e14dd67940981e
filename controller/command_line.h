// What lb-controller is told on its command line.
#ifndef LB_CONTROLLER_COMMAND_LINE_H_
#define LB_CONTROLLER_COMMAND_LINE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "controller/settings.h"

namespace lb::controller {

struct CommandLine {
  // Asked for (help, version, example), to be printed instead of running.
  std::optional<std::string> text{};
  bool check_config = false;  // say what is wrong, instead of running
  std::string config_file{};  // empty: not given
  GivenSettings given{};
};

// INVALID_ARGUMENT in one line for flags that there are not.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_COMMAND_LINE_H_
