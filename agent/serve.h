// lb-agent as a daemon: a data plane that follows a controller.
#ifndef LB_AGENT_SERVE_H_
#define LB_AGENT_SERVE_H_

#include "absl/status/status.h"
#include "agent/program_options.h"

namespace lb::agent {

// Runs until SIGINT or SIGTERM. Main thread, before any other is started. An
// error if something is wrong at the start, or if every source has ended and
// one of them too early.
absl::Status Serve(const ProgramOptions& options);

// The exit code an error of Serve() stands for: kExitDamagedStore if the last
// plan cannot be read, kExitStoreBusy if another agent holds the state
// directory, kExitUsage for an INVALID_ARGUMENT, which no other start cures,
// else kExitFailure.
int ExitCodeOf(const absl::Status& status);

}  // namespace lb::agent

#endif  // LB_AGENT_SERVE_H_
