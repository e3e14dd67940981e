#include "agent/standalone.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/agent_loop.h"
#include "agent/condition_watch.h"
#include "agent/engine_setup.h"
#include "agent/key_file.h"
#include "agent/run_report.h"
#include "common/log.h"
#include "common/status.h"
#include "dataplane/engine/engine.h"

namespace lb::agent {
namespace {

absl::StatusOr<std::vector<std::uint8_t>> StandaloneKey(
    const ProgramOptions& options) {
  if (!options.key_file.empty()) {
    LB_ASSIGN_OR_RETURN(HashKey key,
                        LoadOrCreateKey(options.key_file, options.hash));
    return std::move(key.bytes);
  }
  if (options.hash == HashKind::kToeplitz) return SymmetricToeplitzKey();
  return std::vector<std::uint8_t>(16, 0);
}

absl::Status WriteReport(const std::string& path, const std::string& report) {
  if (path == "-") {
    std::cout << report << '\n' << std::flush;
    if (!std::cout) {
      return absl::DataLossError("cannot write to standard output");
    }
    return absl::OkStatus();
  }
  errno = 0;
  std::ofstream file(path, std::ios::trunc);
  file << report << '\n' << std::flush;
  if (!file) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

// The data plane's run, from start to stop.
absl::Status Run(dataplane::Engine& engine, const StopSignal& stop, bool once) {
  absl::Status ended;
  engine.Start();
  spdlog::debug("data plane started");
  // Written before Done() or Stop() ends the wait, read after the join.
  std::thread watcher([&] {
    ended = engine.WaitUntilDone();
    if (once || !ended.ok()) stop.Done();
  });
  const bool whole =
      LookForStallsUntilStopped(engine, stop) == StopSignal::Cause::kDone;
  engine.Stop();
  watcher.join();
  LB_RETURN_IF_ERROR(ended);
  if (once && !whole) {
    return absl::CancelledError(
        "stopped by a signal before the sources' end; no report");
  }
  return absl::OkStatus();
}

}  // namespace

StopSignal::Cause LookForStallsUntilStopped(dataplane::Dataplane& dataplane,
                                            const StopSignal& stop) {
  for (;;) {
    if (const auto cause = stop.WaitFor(kStallLookInterval)) return *cause;
    if (!dataplane.TakeOverStalled()) continue;
    for (const Takeover& takeover : dataplane.Sample().takeovers) {
      spdlog::warn("{}", Describe(takeover));
    }
  }
}

absl::Status RunStandalone(const ProgramOptions& options) {
  LB_ASSIGN_OR_RETURN(const StopSignal stop, StopSignal::Create());
  LB_ASSIGN_OR_RETURN(std::vector<std::uint8_t> key, StandaloneKey(options));
  LB_ASSIGN_OR_RETURN(const std::unique_ptr<dataplane::Engine> engine,
                      CreateEngine(options, std::move(key), std::nullopt));
  LB_RETURN_IF_ERROR(Run(*engine, stop, options.once));
  return WriteReport(options.report, FormatRunReport(engine->Summary()));
}

}  // namespace lb::agent
