// lb-controller: puts store, core and API together and runs until it is told
// to stop.

#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/journal.h"
#include "controller/core/queries.h"
#include "controller/options.h"
#include "controller/rpc/server.h"
#include "controller/store/sqlite_store.h"

namespace lb::controller {
namespace {

constexpr std::chrono::milliseconds kStopPatience{2'000};

int Fail(const absl::Status& status, ExitCode code) {
  std::cerr << "lb-controller: error: " << OneLine(status) << std::endl;
  return code;
}

// Runs the loop on a thread for as long as it lives.
class LoopThread {
 public:
  explicit LoopThread(EventLoop& loop)
      : loop_(loop), thread_([&loop] { loop.Run(); }) {}
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  ~LoopThread() {
    loop_.Stop();
    thread_.join();
  }

 private:
  EventLoop& loop_;
  std::thread thread_;
};

// Whole or not at all, so that who waits for the file can read it at once.
absl::Status WritePortFile(const std::string& path, std::uint16_t port) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh);
  file << port << '\n' << std::flush;
  if (!file) return ErrnoStatus(errno, "port file " + fresh);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, "port file " + path);
  }
  return absl::OkStatus();
}

absl::Status StartFleet(EventLoop& loop, Fleet& fleet,
                        const std::optional<balance::Policy>& policy) {
  std::promise<absl::Status> started;
  loop.Post([&] {
    fleet.Start(policy, [&started](absl::Status status) {
      started.set_value(std::move(status));
    });
  });
  return started.get_future().get();
}

void Announce(const Options& options, const StoreIdentity& identity,
              const Server& server) {
  spdlog::info("store {} in {}, term {}", identity.store_id,
               options.data_directory, identity.term.value());
  if (!options.listen.run_directory.empty()) {
    spdlog::info("serving on {} and {}", options.listen.agent_socket(),
                 options.listen.viewer_socket());
  }
  if (server.tcp_port() != 0) {
    spdlog::warn(
        "serving plaintext on {} port {}: anyone on this machine may "
        "speak for any host",
        options.listen.insecure_loopback->host, server.tcp_port());
  }
}

int Serve(const Options& options, const sigset_t& stop_signals) {
  const Clock& clock = SystemClock();
  EventLoop loop(clock);
  auto store = SqliteStore::Open(options.data_directory, loop, clock);
  if (!store.ok()) return Fail(store.status(), ExitCodeOf(store.status()));
  EventHub hub(**store);
  Journal journal(**store, clock, hub);
  Fleet fleet(loop, **store, journal, hub, clock, balance::MakePlanner);
  Queries queries(fleet, **store);
  // Declared last but the server: the loop stops before what its tasks use is
  // gone, and the server before the loop.
  const LoopThread thread(loop);
  if (absl::Status status = StartFleet(loop, fleet, options.policy);
      !status.ok()) {
    return Fail(status, kExitFailure);
  }
  auto server = Server::Start(options.listen, {loop, fleet, queries, hub});
  if (!server.ok()) return Fail(server.status(), kExitFailure);
  if (!options.port_file.empty()) {
    const absl::Status written =
        WritePortFile(options.port_file, (*server)->tcp_port());
    if (!written.ok()) return Fail(written, kExitFailure);
  }
  Announce(options, (*store)->identity(), **server);
  int signal = 0;
  sigwait(&stop_signals, &signal);
  spdlog::info("stopping");
  (*server)->Stop(kStopPatience);
  return kExitOk;
}

int Main(int argc, const char* const* argv) {
  auto line = ParseCommandLine(argc, argv);
  if (!line.ok()) return Fail(line.status(), kExitUsage);
  if (line->text) {
    std::cout << *line->text << std::flush;
    return kExitOk;
  }
  const Options& options = line->options;
  if (absl::Status status = InitLog("lb-controller", options.log_level);
      !status.ok()) {
    return Fail(status, kExitUsage);
  }
  // Blocked before any thread begins, so that only sigwait() gets them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  if (absl::Status status = PrepareListeners(options.listen); !status.ok()) {
    return Fail(status, kExitFailure);
  }
  return Serve(options, stop_signals);
}

}  // namespace
}  // namespace lb::controller

int main(int argc, char** argv) { return lb::controller::Main(argc, argv); }
