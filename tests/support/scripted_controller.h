// A controller that does what a test says: takes agents' streams, keeps what
// they send, sends and ends as told. Any thread.
#ifndef LB_TESTS_SUPPORT_SCRIPTED_CONTROLLER_H_
#define LB_TESTS_SUPPORT_SCRIPTED_CONTROLLER_H_

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lb/v1/agent_service.grpc.pb.h"

namespace lb {

class ScriptedController {
 public:
  // Listens at a gRPC address such as "unix:PATH" or "127.0.0.1:0"; aborts if
  // it cannot.
  explicit ScriptedController(
      const std::string& address,
      const std::shared_ptr<grpc::ServerCredentials>& credentials =
          grpc::InsecureServerCredentials());
  ~ScriptedController();

  // Where it listens, unless that is a unix socket.
  int port() const { return port_; }
  // The URI name in the newest stream's certificate; empty if there is none.
  std::string peer() const;

  // The oldest message that no call has returned yet; nothing after `limit`.
  std::optional<v1::ConnectRequest> Receive(std::chrono::milliseconds limit);
  // The oldest one that `wanted` accepts; skips the others.
  std::optional<v1::ConnectRequest> ReceiveUntil(
      const std::function<bool(const v1::ConnectRequest&)>& wanted,
      std::chrono::milliseconds limit);

  // On the newest stream; false if there is none.
  bool Send(const v1::ConnectResponse& response);
  bool SendWelcome(const std::string& store_id, std::uint64_t term);
  // Ends the newest stream; false if there is none.
  bool End(const grpc::Status& status);
  // Stops reading from streams that come from now on, after their first
  // message.
  void StopReading();
  // False if the newest stream has not ended within `limit`.
  bool WaitForEnd(std::chrono::milliseconds limit);

 private:
  class Stream;
  class Service;

  void Keep(const v1::ConnectRequest& request);
  void Gone(const Stream* stream);

  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string peer_;
  std::deque<v1::ConnectRequest> received_;
  Stream* newest_ = nullptr;
  bool reading_ = true;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_SCRIPTED_CONTROLLER_H_
