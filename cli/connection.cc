#include "cli/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "common/controller_target.h"
#include "common/status.h"

namespace lb::cli {
namespace {

using std::chrono::system_clock;  // gRPC's deadlines are of this clock

constexpr std::chrono::milliseconds kConnectTimeout{1'500};

constexpr char kWayOut[] =
    "start lb-controller, or name its socket with --controller or "
    "LBCTL_CONTROLLER";

// True once the channel is connected or has failed to; false at the deadline.
bool WaitForAnswer(grpc::Channel& channel) {
  const auto deadline = system_clock::now() + kConnectTimeout;
  for (grpc_connectivity_state state = channel.GetState(true);
       state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE;
       state = channel.GetState(true)) {
    if (!channel.WaitForStateChange(state, deadline)) return false;
  }
  return true;
}

}  // namespace

void AddConnectionFlags(CLI::App& app, ConnectionOptions& options) {
  CLI::Option* controller =
      app.add_option("--controller", options.controller,
                     "Controller to ask: unix:PATH or HOST:PORT")
          ->type_name("TARGET")
          ->envname("LBCTL_CONTROLLER")
          ->capture_default_str();
  CLI::Option* insecure =
      app.add_flag("--insecure-loopback", options.insecure_loopback,
                   "Allow plaintext TCP to a controller on loopback");
  CLI::Option* timeout = app.add_option("--timeout", options.timeout_s,
                                        "Seconds to wait for an answer")
                             ->type_name("S")
                             ->check(CLI::Range(0.001, 86'400.0))
                             ->capture_default_str();
  for (CLI::Option* option : {controller, insecure, timeout}) {
    option->group(kConnectionGroup);
  }
}

void FollowConnectionFlags(CLI::App& command) {
  command.fallthrough();
  command.get_parent()->fallthrough();
}

absl::StatusOr<Connection> Connection::Open(const ConnectionOptions& options) {
  const absl::StatusOr<std::string> target = ParseControllerTarget(
      options.controller, options.insecure_loopback ? PlaintextTcp::kOnLoopback
                                                    : PlaintextTcp::kRefused);
  if (!target.ok()) return UsageError(OneLine(target.status()));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  std::shared_ptr<grpc::Channel> channel = grpc::CreateCustomChannel(
      *target, grpc::InsecureChannelCredentials(), arguments);
  if (!WaitForAnswer(*channel)) {
    return absl::UnavailableError(absl::StrCat("the controller at ",
                                               options.controller,
                                               " does not answer; ", kWayOut));
  }
  const std::chrono::duration<double> timeout(options.timeout_s);
  return Connection(
      options.controller,
      std::chrono::duration_cast<std::chrono::nanoseconds>(timeout),
      std::move(channel));
}

void Connection::SetDeadline(grpc::ClientContext& context) const {
  context.set_deadline(system_clock::now() + timeout_);
}

absl::Status Connection::ToStatus(const grpc::Status& status) const {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  if (code == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError(
        absl::StrCat("cannot reach the controller at ", target_, " (",
                     status.error_message(), "); ", kWayOut));
  }
  if (code == absl::StatusCode::kDeadlineExceeded) {
    return absl::DeadlineExceededError(
        absl::StrCat("the controller at ", target_,
                     " gave no answer in time; raise --timeout"));
  }
  return absl::Status(code, status.error_message());
}

}  // namespace lb::cli
