// lb-agent: the command line.
#include <iostream>

#include "absl/synchronization/mutex.h"
#include "agent/program_options.h"
#include "agent/serve.h"
#include "agent/standalone.h"
#include "common/log.h"
#include "common/status.h"

namespace {

int Fail(const absl::Status& status, int exit_code) {
  std::cerr << "lb-agent: error: " << lb::OneLine(status) << '\n';
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::StatusOr<lb::agent::CommandLine> command_line =
      lb::agent::ParseCommandLine(argc, argv);
  if (!command_line.ok()) return Fail(command_line.status(), lb::kExitUsage);
  if (!command_line->run) {
    std::cout << command_line->text << std::flush;
    return lb::kExitOk;
  }
  const lb::agent::ProgramOptions& options = *command_line->run;
  absl::Status status = lb::InitLog("lb-agent", options.log_level);
  if (!status.ok()) return Fail(status, lb::kExitUsage);
  // Debian's Abseil looks for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  status = options.standalone ? lb::agent::RunStandalone(options)
                              : lb::agent::Serve(options);
  return status.ok() ? lb::kExitOk
                     : Fail(status, lb::agent::ExitCodeOf(status));
}
