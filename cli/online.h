// What commands that ask a controller have in common: options, connecting, the
// form of the answer. One thread.
#ifndef LB_CLI_ONLINE_H_
#define LB_CLI_ONLINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "cli/command_line.h"
#include "cli/endpoint.h"
#include "cli/session.h"
#include "common/clock.h"

namespace lb::cli {

class Online {
 public:
  // Declares the options that say which controller to ask. The command line
  // outlives this and everything added through it.
  explicit Online(CommandLine& line);

  Command root() const { return line_.root(); }
  const Clock& clock() const { return line_.context().clock; }

  // Ends the declaration of a command: -o, the connection's options, and what
  // is run with a session if it is chosen.
  void Runs(Command command, std::function<absl::Status(Session&)> run) const;

 private:
  CommandLine& line_;
  std::shared_ptr<ConnectionOptions> connection_;
};

// --limit of a list; 0 is no limit.
void AddLimit(Command command, std::uint64_t& limit);

}  // namespace lb::cli

#endif  // LB_CLI_ONLINE_H_
