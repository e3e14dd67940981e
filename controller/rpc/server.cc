#include "controller/rpc/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "controller/rpc/entrance.h"
#include "controller/rpc/listener.h"
#include "controller/rpc/peers.h"
#include "controller/rpc/refusals.h"
#include "controller/rpc/tls_access.h"

namespace lb::controller {
namespace {

// What all connections may hold together. An agent's takes about 150 KB, and
// twice that under TLS.
constexpr std::size_t kMemoryBytes = std::size_t{4} << 30;
// Sockets are made with mode 0660 from the beginning.
constexpr mode_t kSocketMask = 0117;
constexpr std::chrono::milliseconds kFarewell{200};

// Runs `task` on the loop and waits for it.
void OnLoop(EventLoop& loop, Task task) {
  std::promise<void> done;
  loop.Post([&task, &done] {
    std::move(task)();
    done.set_value();
  });
  done.get_future().wait();
}

// Looks through the streams for as long as there are rules.
void KeepSweeping(const CoreAccess& core, std::weak_ptr<SharedRules> rules) {
  core.loop.PostAt(core.clock.Monotonic() + Server::kSweep,
                   [core, rules = std::move(rules)] {
                     const auto alive = rules.lock();
                     if (alive == nullptr) return;
                     alive->streams.CloseRefused();
                     KeepSweeping(core, alive);
                   });
}

}  // namespace

std::string ListenOptions::socket(Role role) const {
  return absl::StrCat(run_directory, "/", ToAbsl(RoleName(role)), ".sock");
}

absl::Status PrepareListeners(const ListenOptions& options) {
  if (!options.run_directory.empty()) {
    LB_RETURN_IF_ERROR(EnsureRunDirectory(options.run_directory));
    for (const Role role : kSocketRoles) {
      LB_RETURN_IF_ERROR(CheckSocketFree(options.socket(role)));
    }
  }
  if (options.insecure_loopback) {
    LB_RETURN_IF_ERROR(CheckTcpFree(*options.insecure_loopback));
  }
  if (options.tls) {
    LB_RETURN_IF_ERROR(CheckTcpFree(options.tls->address));
    LB_RETURN_IF_ERROR(
        ReadTlsFiles(*options.tls, SystemClock().Wall()).status());
  }
  return absl::OkStatus();
}

Server::Server(CoreAccess core)
    : core_(core),
      intake_(core.clock),
      intake_thread_(intake_, "intake"),
      rules_(std::make_shared<SharedRules>()),
      refusals_(std::make_shared<Refusals>(core)),
      quota_("lb-controller") {
  quota_.Resize(kMemoryBytes);
}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ListenOptions& options, CoreAccess core) {
  std::unique_ptr<Server> server(new Server(core));
  if (!options.run_directory.empty()) {
    LB_RETURN_IF_ERROR(server->ListenSockets(options));
  }
  if (options.insecure_loopback) {
    LB_RETURN_IF_ERROR(server->ListenLoopback(*options.insecure_loopback));
  }
  if (options.tls) LB_RETURN_IF_ERROR(server->ListenTls(*options.tls));
  KeepSweeping(core, server->rules_);
  return server;
}

const Peers& Server::AddLocalPeers(Identity identity) {
  return *local_peers_.emplace_back(
      std::make_unique<LocalPeers>(std::move(identity)));
}

absl::StatusOr<std::uint16_t> Server::Listen(const ListenerOptions& options,
                                             const Peers& peers) {
  auto listener = std::make_unique<Listener>(
      Entrance(peers, *rules_, refusals_, intake_, core_), list_);
  LB_RETURN_IF_ERROR(listener->Start(options, quota_));
  return listeners_.emplace_back(std::move(listener))->port();
}

absl::Status Server::ListenSockets(const ListenOptions& options) {
  for (const Role role : kSocketRoles) {
    const std::string name(RoleName(role));
    const std::string path = options.socket(role);
    const mode_t before = umask(kSocketMask);
    const absl::Status listening =
        Listen({absl::StrCat("unix:", path), grpc::InsecureServerCredentials(),
                true},
               AddLocalPeers({absl::StrCat("socket:", name), {role}}))
            .status();
    umask(before);
    LB_RETURN_IF_ERROR(listening);
    sockets_.push_back(path);
    list_.Add({absl::StrCat("unix:", path), absl::StrCat(name, " socket")});
  }
  return absl::OkStatus();
}

absl::Status Server::ListenLoopback(const TcpAddress& address) {
  LB_ASSIGN_OR_RETURN(
      tcp_port_,
      Listen(
          {address.ToString(), grpc::InsecureServerCredentials(), true},
          AddLocalPeers({"insecure-loopback", {Role::kAgent, Role::kAdmin}})));
  list_.Add({TcpAddress{address.host, tcp_port_}.ToString(),
             "plaintext on loopback"});
  return absl::OkStatus();
}

absl::Status Server::ListenTls(const TlsOptions& options) {
  LB_ASSIGN_OR_RETURN(tls_, TlsAccess::Open(options, core_.clock));
  LB_ASSIGN_OR_RETURN(tls_port_, Listen({options.address.ToString(),
                                         tls_->Credentials(), false},
                                        tls_->peers()));
  list_.Add({TcpAddress{options.address.host, tls_port_}.ToString(), "mTLS"});
  return RecordAccess();
}

absl::Status Server::Reload() {
  if (tls_ == nullptr) return absl::OkStatus();
  LB_RETURN_IF_ERROR(tls_->Reload());
  OnLoop(core_.loop, [this] { rules_->streams.CloseRefused(); });
  return Annotate(RecordAccess(),
                  "certificates and roles are in force, but not in the audit");
}

absl::Status Server::RecordAccess() {
  if (recorded_access_ == tls_->in_force()) return absl::OkStatus();
  Change record;
  record.event = Event{.kind = EventKind::kAccessChanged,
                       .message = "certificates and roles were read"};
  AuditRecord& audit = record.audit.emplace(OwnAudit("reload", "access"));
  audit.before = recorded_access_;
  audit.after = tls_->in_force();
  std::promise<absl::Status> done;
  core_.loop.Post([this, &record, &done] {
    core_.journal.Commit(std::move(record),
                         [&done](const absl::StatusOr<Committed>& committed) {
                           done.set_value(committed.status());
                         });
  });
  LB_RETURN_IF_ERROR(done.get_future().get());
  recorded_access_ = tls_->in_force();
  return absl::OkStatus();
}

void Server::Stop(std::chrono::milliseconds patience) {
  if (listeners_.empty()) return;
  // Streams go first: a connection is only closed when it has none.
  OnLoop(core_.loop, [this] {
    const absl::Status stopping =
        absl::UnavailableError("the controller is stopping");
    core_.fleet.CloseAll(
        {"the controller is stopping", std::chrono::milliseconds(1'000)});
    core_.events.EndAll(stopping);
    core_.hosts.EndAll(stopping);
    core_.loads.EndAll(stopping);
  });
  rules_->streams.WaitUntilNone(std::chrono::steady_clock::now() + patience);
  // A peer that does not poll would not hear that its connection is closed, so
  // it is not waited for as long as for a stream.
  const auto deadline =
      std::chrono::system_clock::now() + std::min(patience, kFarewell);
  for (const auto& listener : listeners_) listener->Shutdown(deadline);
  // What the last streams left for the loop to do is done after this; reports
  // are the last of it.
  for (EventLoop* loop : {&intake_, &core_.loop}) {
    std::promise<void> idle;
    loop->PostBulk([&idle] { idle.set_value(); });
    idle.get_future().wait();
  }
  listeners_.clear();
  for (const std::string& socket : sockets_) unlink(socket.c_str());
  sockets_.clear();
}

}  // namespace lb::controller
