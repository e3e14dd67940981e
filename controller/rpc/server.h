// The API's listeners. Called by one thread.
#ifndef LB_CONTROLLER_RPC_SERVER_H_
#define LB_CONTROLLER_RPC_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/core/loop_thread.h"
#include "controller/rpc/core_access.h"
#include "controller/rpc/listen_options.h"
#include "controller/rpc/listener_list.h"
#include "grpcpp/resource_quota.h"

namespace lb::controller {

struct Identity;
struct ListenerOptions;
class Listener;
class Peers;
class Refusals;
struct SharedRules;
class TlsAccess;

// Makes the run directory and checks that every address is free and that
// certificates and roles can be used, before anything else is begun.
absl::Status PrepareListeners(const ListenOptions& options);

class Server {
 public:
  // How often streams are looked through for peers who have lost the right to
  // them.
  static constexpr std::chrono::seconds kSweep{30};

  // Serves on every address, or on none and says why. The loop must be
  // running.
  static absl::StatusOr<std::unique_ptr<Server>> Start(
      const ListenOptions& options, CoreAccess core);
  ~Server();

  // Reads certificates and roles anew. After an error those from before stay
  // in force. A change is brought to the audit; if that fails, it is in force
  // nevertheless, and the error says so. Streams of users who have lost their
  // role are closed. The loop must be running.
  absl::Status Reload();

  // Bound; 0 without such a listener.
  std::uint16_t tcp_port() const { return tcp_port_; }  // insecure_loopback's
  std::uint16_t tls_port() const { return tls_port_; }

  // What is served, with the ports that were bound.
  std::vector<ListenerInfo> listeners() const { return list_.Get(); }

  // Ends streams and calls. Streams have `patience` to take what they were
  // sent, connections a fifth of a second to close; who is slower is cut off.
  // The loop must be running.
  void Stop(std::chrono::milliseconds patience);

 private:
  explicit Server(CoreAccess core);
  // The listener's port; means nothing of a unix socket.
  absl::StatusOr<std::uint16_t> Listen(const ListenerOptions& options,
                                       const Peers& peers);
  absl::Status ListenSockets(const ListenOptions& options);
  absl::Status ListenLoopback(const TcpAddress& address);
  absl::Status ListenTls(const TlsOptions& options);
  const Peers& AddLocalPeers(Identity identity);
  // Brings to the audit what is in force now, if it is not there yet.
  absl::Status RecordAccess();

  const CoreAccess core_;
  EventLoop intake_;
  const LoopThread intake_thread_;
  const std::shared_ptr<SharedRules> rules_;
  const std::shared_ptr<Refusals> refusals_;
  grpc::ResourceQuota quota_;
  ListenerList list_;
  std::vector<std::unique_ptr<const Peers>> local_peers_;
  std::unique_ptr<TlsAccess> tls_;
  std::string recorded_access_;  // in the audit
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::string> sockets_;
  std::uint16_t tcp_port_ = 0;
  std::uint16_t tls_port_ = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_SERVER_H_
