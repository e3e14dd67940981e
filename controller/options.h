// What lb-controller is told on its command line.
#ifndef LB_CONTROLLER_OPTIONS_H_
#define LB_CONTROLLER_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "balance/policy.h"
#include "controller/rpc/server.h"

namespace lb::controller {

struct Options {
  std::string data_directory = "/var/lib/lb-controller";
  ListenOptions listen;
  std::string port_file;  // empty: none
  std::optional<balance::Policy> policy;
  std::string log_level = "info";
};

// The options, or text that was asked for (help, version) and is to be printed
// instead of running.
struct CommandLine {
  Options options;
  std::optional<std::string> text;
};

// INVALID_ARGUMENT in one line for arguments, addresses and policies that
// cannot be.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_OPTIONS_H_
