#include "agent/serve.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "agent/agent_loop.h"
#include "agent/channel_credentials.h"
#include "agent/control_loop.h"
#include "agent/engine_setup.h"
#include "agent/grpc_link.h"
#include "agent/inbox.h"
#include "agent/key_file.h"
#include "agent/plan_file.h"
#include "agent/query_thread.h"
#include "agent/random_bytes.h"
#include "agent/start_table.h"
#include "agent/state_directory.h"
#include "agent/stop_signal.h"
#include "agent/tls_files.h"
#include "common/clock.h"
#include "common/format_number.h"
#include "common/log.h"
#include "common/service_manager.h"
#include "common/spiffe_id.h"
#include "common/status.h"
#include "common/thread_name.h"
#include "dataplane/engine/engine.h"

namespace lb::agent {
namespace {

constexpr char kExitCodePayload[] = "lb-agent/exit-code";

absl::Status WithExitCode(absl::Status status, ExitCode code) {
  status.SetPayload(kExitCodePayload, absl::Cord(absl::StrCat(int{code})));
  return status;
}

// What an agent remembers, and what it starts with.
struct State {
  StateDirectory directory;
  PlanFile file;
  PlanRecord record;
  std::vector<std::uint8_t> key;
  StartTable start;
};

absl::StatusOr<HashKey> ServingKey(const ProgramOptions& options,
                                   const StateDirectory& directory) {
  if (options.key_file.empty() && options.hash == HashKind::kToeplitz) {
    return HashKey{SymmetricToeplitzKey(), false};
  }
  return LoadOrCreateKey(
      options.key_file.empty() ? directory.File("key") : options.key_file,
      options.hash);
}

absl::StatusOr<State> LoadState(const ProgramOptions& options) {
  absl::StatusOr<StateDirectory> directory =
      StateDirectory::Open(options.state_dir);
  if (absl::IsUnavailable(directory.status())) {
    return WithExitCode(directory.status(), kExitStoreBusy);
  }
  LB_RETURN_IF_ERROR(directory.status());
  PlanFile file(directory->File("plan"));
  absl::StatusOr<PlanRecord> record = file.Load(options.host);
  if (!record.ok()) return WithExitCode(record.status(), kExitDamagedStore);
  LB_ASSIGN_OR_RETURN(HashKey key, ServingKey(options, *directory));
  Layout layout{options.buckets, options.hash, "", options.processors};
  LB_ASSIGN_OR_RETURN(layout.key_id,
                      dataplane::Engine::KeyId(options.hash, key.bytes));
  StartTable start = ChooseStartTable(*record, layout);
  return State{*std::move(directory), std::move(file), *std::move(record),
               std::move(key.bytes), std::move(start)};
}

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;  // empty where the kernel does not tell
}

absl::StatusOr<AgentOptions> MakeAgentOptions(const ProgramOptions& options) {
  AgentOptions agent;
  LB_ASSIGN_OR_RETURN(const std::string instance, RandomBytes(16));
  LB_ASSIGN_OR_RETURN(const std::string seed, RandomBytes(8));
  agent.instance_id = absl::BytesToHexString(instance);
  agent.boot_id = BootId();
  agent.software_version = LB_VERSION;
  agent.labels = options.labels;
  std::memcpy(&agent.session.seed, seed.data(), seed.size());
  return agent;
}

// The control thread asks for them before every session. Null: plaintext.
absl::StatusOr<GrpcLink::Credentials> MakeCredentials(
    const ProgramOptions& options) {
  if (!options.tls) return GrpcLink::Credentials();
  LB_ASSIGN_OR_RETURN(
      TlsFiles files,
      TlsFiles::Open(options.tls->paths,
                     AgentSpiffeId(options.tls->trust_domain, options.host),
                     SystemClock()));
  return
      [files = std::move(files), domain = options.tls->trust_domain]() mutable {
        return MutualTls(files.Latest(), domain);
      };
}

void AnnounceFreshDeal(const StartTable& start, Agent& agent) {
  if (start.reason.empty()) return;
  const std::string message =
      "the last table does not fit, the buckets are dealt anew: " +
      start.reason;
  if (start.new_key) {
    agent.Announce(AgentEventKind::kNewKey, message);
  } else {
    spdlog::warn("{}", message);
  }
}

// Main thread: starts the others, waits for a signal, ends them. A data plane
// whose sources are exhausted stays up and answers; one whose sources ended
// early is an error.
absl::Status RunUntilStopped(dataplane::Engine& engine, Agent& agent,
                             Inbox& inbox, const StopSignal& stop) {
  absl::Status ended;
  std::atomic<bool> stopping = false;
  engine.Start();
  std::thread control([&] {
    NameThread("control");
    RunControlLoop(agent, inbox);
  });
  std::thread sources([&] {
    ended = engine.WaitUntilDone();
    if (stopping) return;
    if (!ended.ok()) {
      stop.Done();
    } else {
      spdlog::warn("every source is exhausted; no more packets will come");
    }
  });
  const ServiceManager manager = ServiceManager::FromEnvironment();
  manager.Ready();
  stop.Wait();
  stopping = true;
  spdlog::info("stopping");
  manager.Stopping();
  inbox.Stop();
  control.join();
  engine.Stop();
  sources.join();
  return ended;
}

}  // namespace

absl::Status Serve(const ProgramOptions& options) {
  LB_ASSIGN_OR_RETURN(const StopSignal stop, StopSignal::Create());
  LB_ASSIGN_OR_RETURN(State state, LoadState(options));
  LB_ASSIGN_OR_RETURN(AgentOptions agent_options, MakeAgentOptions(options));
  LB_ASSIGN_OR_RETURN(
      const std::unique_ptr<dataplane::Engine> engine,
      CreateEngine(options, std::move(state.key), state.start.table));
  LB_ASSIGN_OR_RETURN(GrpcLink::Credentials credentials,
                      MakeCredentials(options));
  Inbox inbox;
  GrpcLink link(options.controller, inbox, SystemClock(),
                std::move(credentials));
  QueryThread queries(*engine, inbox, SystemClock());
  Agent agent(std::move(agent_options), {*engine, queries, link, SystemClock()},
              std::move(state.file),
              StartRecord(std::move(state.record), state.start));
  LB_RETURN_IF_ERROR(agent.Start());
  AnnounceFreshDeal(state.start, agent);
  spdlog::info("host {}: {}, {}, {}; controller {}", options.host,
               FormatNumber(options.processors.size(), "processor"),
               FormatNumber(options.buckets, "bucket"),
               FormatNumber(options.sources.size(), "source"),
               options.controller);
  return RunUntilStopped(*engine, agent, inbox, stop);
}

int ExitCodeOf(const absl::Status& status) {
  const absl::optional<absl::Cord> code = status.GetPayload(kExitCodePayload);
  int value = 0;
  if (code && absl::SimpleAtoi(std::string(*code), &value)) return value;
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailure;
}

}  // namespace lb::agent
