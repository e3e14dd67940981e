// lb-controller: puts store, core and API together and runs until it is told
// to stop.

#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/status.h"
#include "controller/command_line.h"
#include "controller/configuration.h"
#include "controller/controller_core.h"
#include "controller/core/event_loop.h"
#include "controller/core/loop_thread.h"
#include "controller/heartbeat.h"
#include "controller/reload.h"
#include "controller/rpc/server.h"
#include "controller/store/data_directory.h"
#include "controller/store/sqlite_store.h"

namespace lb::controller {
namespace {

constexpr std::chrono::milliseconds kStopPatience{2'000};

int Fail(const std::string& what, ExitCode code) {
  std::cerr << "lb-controller: error: " << what << std::endl;
  return code;
}

int Fail(const absl::Status& status, ExitCode code) {
  return Fail(OneLine(status), code);
}

// Blocks the signals the controller acts on, in this thread and those it
// starts from now on, so that only sigwait() gets them.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
      sigaddset(&set_, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  int Wait() const {
    int signal = 0;
    sigwait(&set_, &signal);
    return signal;
  }

 private:
  sigset_t set_;
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

// Runs `task` on the loop and waits for it.
template <class Task>
void OnLoop(EventLoop& loop, Task task) {
  std::promise<void> done;
  loop.Post([&task, &done] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

absl::Status StartFleet(ControllerCore& core,
                        const std::optional<balance::Policy>& policy) {
  std::promise<absl::Status> started;
  core.loop.Post([&] {
    core.fleet.Start(policy, [&](absl::Status status) {
      if (status.ok()) {
        core.events.Start();
        core.hosts.Start();
      }
      started.set_value(std::move(status));
    });
  });
  return started.get_future().get();
}

void Announce(const Options& options, const StoreIdentity& identity,
              const Server& server) {
  spdlog::info("store {} in {}, term {}", identity.store_id,
               options.store.directory, identity.term.value());
  if (!identity.fenced.empty()) {
    spdlog::warn("nothing is planned until it is adopted: {}", identity.fenced);
  }
  const ListenOptions& listen = options.listen;
  if (listen.insecure_loopback) {
    spdlog::warn(
        "serving plaintext on {} port {}: anyone on this machine may "
        "speak for any host and change everything",
        listen.insecure_loopback->host, server.tcp_port());
  }
  if (listen.tls) {
    spdlog::info("serving mutual TLS on {} port {}", listen.tls->address.host,
                 server.tls_port());
  }
  if (!listen.run_directory.empty()) {
    spdlog::info("serving on the sockets in {}", listen.run_directory);
  }
}

// Reloads at every SIGHUP; returns at a signal to stop.
void WaitForStop(const Signals& signals, const ServiceManager& manager,
                 Reloader& reloader) {
  while (signals.Wait() == SIGHUP) {
    manager.Reloading(SystemClock().Monotonic());
    reloader.Reload();
    manager.Ready();
  }
}

int Serve(const CommandLine& line, const Configuration& configuration,
          const Signals& signals) {
  const Options& options = configuration.options;
  const Clock& clock = SystemClock();
  const ServiceManager manager = ServiceManager::FromEnvironment();
  EventLoop loop(clock);
  auto store = SqliteStore::Open(options.store, loop, clock);
  if (!store.ok()) return Fail(store.status(), ExitCodeOf(store.status()));
  ControllerCore core(loop, **store, clock);
  Heartbeat heart(loop, clock, manager,
                  [&core] { return core.queries.GetStatus(); });
  // Declared last but the server: the loop stops before what its tasks use is
  // gone, and the server before the loop.
  const LoopThread thread(loop, "decisions");
  if (absl::Status status = StartFleet(core, options.policy); !status.ok()) {
    return Fail(status, kExitFailure);
  }
  auto server = Server::Start(options.listen, core.access());
  if (!server.ok()) return Fail(server.status(), kExitFailure);
  if (!options.port_file.empty()) {
    const absl::Status written =
        WritePortFile(options.port_file, (*server)->tcp_port());
    if (!written.ok()) return Fail(written, kExitFailure);
  }
  Announce(options, (*store)->identity(), **server);
  OnLoop(loop, [&heart] { heart.Start(); });
  manager.Ready();
  Reloader reloader(line, configuration, core, **server);
  WaitForStop(signals, manager, reloader);
  spdlog::info("stopping");
  manager.Stopping();
  (*server)->Stop(kStopPatience);
  OnLoop(loop, [&heart] { heart.LogAuditHead(); });
  return kExitOk;
}

// One line for every mistake.
int Refuse(const std::vector<std::string>& mistakes) {
  for (const std::string& mistake : mistakes) Fail(mistake, kExitUsage);
  return kExitUsage;
}

int Main(int argc, const char* const* argv) {
  const auto line = ParseCommandLine(argc, argv);
  if (!line.ok()) return Fail(line.status(), kExitUsage);
  if (line->text) {
    std::cout << *line->text << std::flush;
    return kExitOk;
  }
  const Configuration configuration =
      LoadConfiguration(*line, ReadEnvironment());
  if (!configuration.mistakes.empty()) return Refuse(configuration.mistakes);
  if (line->check_config) return kExitOk;
  const Options& options = configuration.options;
  if (absl::Status status = InitLog("lb-controller", options.log_level);
      !status.ok()) {
    return Fail(status, kExitUsage);
  }
  // Debian's Abseil looks for deadlocks at every lock that gRPC takes.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const Signals signals;
  // Before anything is begun: what another controller holds.
  if (absl::Status status = DataDirectory::CheckFree(options.store.directory);
      !status.ok()) {
    return Fail(status, ExitCodeOf(status));
  }
  if (absl::Status status = PrepareListeners(options.listen); !status.ok()) {
    return Fail(status, kExitFailure);
  }
  return Serve(*line, configuration, signals);
}

}  // namespace
}  // namespace lb::controller

int main(int argc, char** argv) { return lb::controller::Main(argc, argv); }
