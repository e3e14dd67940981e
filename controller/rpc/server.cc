#include "controller/rpc/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"
#include "grpc/support/log.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "health.pb.h"

namespace lb::controller {
namespace {

// A report is at most 64 KiB + 8 bytes x N, a hello little more.
constexpr int kMaxMessageBytes = 2 << 20;
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kMaxStreams = 100;  // of one connection

// gRPC's own lines go where ours go, and only real trouble by default.
void ForwardLog(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) {
    spdlog::warn("grpc: {}", args->message);
  } else {
    spdlog::debug("grpc: {}", args->message);
  }
}

// Once in the process, before its first server.
void PrepareGrpc() {
  static const bool prepared = [] {
    gpr_set_log_function(ForwardLog);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Links the health protocol's description, which reflection serves; gRPC's
    // own service of it brings none.
    return grpc::health::v1::HealthCheckRequest::descriptor() != nullptr;
  }();
  static_cast<void>(prepared);
}

// Runs `task` on the loop and waits for it.
void OnLoop(EventLoop& loop, Task task) {
  std::promise<void> done;
  loop.Post([&task, &done] {
    std::move(task)();
    done.set_value();
  });
  done.get_future().wait();
}

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kKeepaliveMs / 2);
}

}  // namespace

absl::Status PrepareListeners(const ListenOptions& options) {
  if (!options.run_directory.empty()) {
    LB_RETURN_IF_ERROR(EnsureRunDirectory(options.run_directory));
    LB_RETURN_IF_ERROR(CheckSocketFree(options.agent_socket()));
    LB_RETURN_IF_ERROR(CheckSocketFree(options.viewer_socket()));
  }
  if (options.insecure_loopback) {
    LB_RETURN_IF_ERROR(CheckTcpFree(*options.insecure_loopback));
  }
  return absl::OkStatus();
}

Server::Server(CoreAccess core)
    : core_(core), agents_(core), hosts_(core), plans_(core), events_(core) {}

Server::~Server() { Stop(std::chrono::milliseconds(0)); }

absl::Status Server::Listen(const std::string& address, Role role, int* port) {
  grpc::ServerBuilder builder;
  SetLimits(builder);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), port);
  if (role != Role::kViewer) builder.RegisterService(&agents_);
  if (role != Role::kAgent) {
    builder.RegisterService(&hosts_);
    builder.RegisterService(&plans_);
    builder.RegisterService(&events_);
  }
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || *port == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", address,
        "; see whether another process took it, or choose another address"));
  }
  servers_.push_back(std::move(server));
  return absl::OkStatus();
}

absl::Status Server::ListenSocket(const std::string& path, Role role) {
  int ignored = 0;
  LB_RETURN_IF_ERROR(Listen("unix:" + path, role, &ignored));
  sockets_.push_back(path);
  if (chmod(path.c_str(), 0660) != 0) return ErrnoStatus(errno, path);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(
    const ListenOptions& options, CoreAccess core) {
  PrepareGrpc();
  std::unique_ptr<Server> server(new Server(core));
  if (!options.run_directory.empty()) {
    LB_RETURN_IF_ERROR(
        server->ListenSocket(options.agent_socket(), Role::kAgent));
    LB_RETURN_IF_ERROR(
        server->ListenSocket(options.viewer_socket(), Role::kViewer));
  }
  if (options.insecure_loopback) {
    int port = 0;
    LB_RETURN_IF_ERROR(server->Listen(options.insecure_loopback->ToString(),
                                      Role::kEveryone, &port));
    server->tcp_port_ = static_cast<std::uint16_t>(port);
  }
  return server;
}

void Server::Stop(std::chrono::milliseconds patience) {
  if (servers_.empty()) return;
  // Shutdown waits its whole deadline out while a stream is open, so the
  // streams go first.
  std::promise<void> asked;
  core_.loop.Post([this, &asked] {
    core_.fleet.CloseAll(
        {"the controller is stopping", std::chrono::milliseconds(1'000)});
    core_.hub.EndAll(absl::UnavailableError("the controller is stopping"));
    asked.set_value();
  });
  asked.get_future().wait();
  const auto deadline = std::chrono::system_clock::now() + patience;
  for (const auto& server : servers_) server->Shutdown(deadline);
  servers_.clear();
  // What the last streams left for the loop to do is done when this returns.
  OnLoop(core_.loop, [] {});
  for (const std::string& socket : sockets_) unlink(socket.c_str());
  sockets_.clear();
}

}  // namespace lb::controller
