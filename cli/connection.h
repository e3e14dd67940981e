// How the commands that ask a controller reach it. One thread.
#ifndef LB_CLI_CONNECTION_H_
#define LB_CLI_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::cli {

struct ConnectionOptions {
  std::string controller = "unix:/run/lb-controller/viewer.sock";
  bool insecure_loopback = false;
  double timeout_s = 10;
};

// --controller (or LBCTL_CONTROLLER), --insecure-loopback, --timeout: flags of
// the program, which may come before or after a command that follows them.
void AddConnectionFlags(CLI::App& app, ConnectionOptions& options);
void FollowConnectionFlags(CLI::App& command);

// A controller that was there a moment ago.
class Connection {
 public:
  // A usage error for a target that may not be used; UNAVAILABLE, naming the
  // target and the way out, if nobody answers there within 1.5 s.
  static absl::StatusOr<Connection> Open(const ConnectionOptions& options);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Sets the deadline of one call.
  void SetDeadline(grpc::ClientContext& context) const;

  // A call's outcome in the words of this program.
  absl::Status ToStatus(const grpc::Status& status) const;

 private:
  Connection(std::string target, std::chrono::nanoseconds timeout,
             std::shared_ptr<grpc::Channel> channel)
      : target_(std::move(target)),
        timeout_(timeout),
        channel_(std::move(channel)) {}

  std::string target_;
  std::chrono::nanoseconds timeout_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace lb::cli

#endif  // LB_CLI_CONNECTION_H_
