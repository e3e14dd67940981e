// What every command of lbctl is made of. A command file exposes
//   void AddXxxCommand(CLI::App& app, CommandContext& context);
// which declares the command's arguments and records, when it is chosen, what
// is to be run. One thread.
#ifndef LB_CLI_COMMAND_H_
#define LB_CLI_COMMAND_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "common/clock.h"

namespace lb::cli {

// Outlives the commands; the streams and the clock outlive the context.
struct CommandContext {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  const Clock& clock;
  // The chosen command, with its arguments. An error becomes one line on
  // `err`; UsageError() exits with 2, any other with 1.
  std::function<absl::Status()> selected{};
};

// The flags that say which controller to ask, in help texts.
inline constexpr char kConnectionGroup[] = "Connection";

// INVALID_ARGUMENT for arguments that do not go together.
absl::Status UsageError(std::string_view message);

// The group of commands called `name`, such as "plan" of "plan list" and "plan
// compute". Made by whoever asks first; `description` is taken from there.
CLI::App& CommandGroup(CLI::App& app, const std::string& name,
                       const std::string& description);

}  // namespace lb::cli

#endif  // LB_CLI_COMMAND_H_
