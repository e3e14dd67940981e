// The API's listeners. Each unix socket gives its callers one role, by serving
// what that role may call and nothing else. Called by one thread.
#ifndef LB_CONTROLLER_RPC_SERVER_H_
#define LB_CONTROLLER_RPC_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/rpc/agent_service.h"
#include "controller/rpc/core_access.h"
#include "controller/rpc/event_service.h"
#include "controller/rpc/host_service.h"
#include "controller/rpc/listen_address.h"
#include "controller/rpc/plan_service.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"

namespace lb::controller {

struct ListenOptions {
  // agent.sock and viewer.sock are made here, mode 0660; empty: none.
  std::string run_directory;
  // Plaintext on loopback, every service and role.
  std::optional<TcpAddress> insecure_loopback;

  std::string agent_socket() const { return run_directory + "/agent.sock"; }
  std::string viewer_socket() const { return run_directory + "/viewer.sock"; }
};

// Makes the run directory and checks that every address is free, before
// anything else is begun.
absl::Status PrepareListeners(const ListenOptions& options);

class Server {
 public:
  // Serves on every address, or on none and says why.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ListenOptions& options, CoreAccess core);
  ~Server();

  // Of insecure_loopback, bound; 0 without one.
  std::uint16_t tcp_port() const { return tcp_port_; }

  // Ends streams and calls. Whoever is slower than `patience` is cut off. The
  // loop must be running.
  void Stop(std::chrono::milliseconds patience);

 private:
  enum class Role { kAgent, kViewer, kEveryone };

  explicit Server(CoreAccess core);
  absl::Status Listen(const std::string& address, Role role, int* port);
  absl::Status ListenSocket(const std::string& path, Role role);

  CoreAccess core_;
  AgentService agents_;
  HostService hosts_;
  PlanService plans_;
  EventService events_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;
  std::vector<std::string> sockets_;
  std::uint16_t tcp_port_ = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_SERVER_H_
