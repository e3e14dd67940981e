#include "cli/connection.h"

#include <google/protobuf/empty.pb.h>
#include <grpc/support/log.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/api_method.h"
#include "cli/errors.h"
#include "cli/tls_credentials.h"
#include "common/controller_target.h"
#include "common/status.h"

namespace lb::cli {
namespace {

using google::protobuf::Message;
using std::chrono::system_clock;  // gRPC's deadlines are of this clock

using Stub = grpc::TemplatedGenericStub<Message, Message>;

// For a controller that starts again.
constexpr std::chrono::nanoseconds kReconnectTimeout = std::chrono::seconds(5);
constexpr int kReconnectMs = 100;

constexpr char kStart[] =
    "start lb-controller, or name its socket with --controller or "
    "LBCTL_CONTROLLER";
constexpr char kCheckCertificates[] =
    "see that it takes TLS there, that both certificates come from the "
    "authority of --tls-ca, and that none has expired";
constexpr char kTryTls[] =
    "if it takes TLS there, use --tls-cert, --tls-key, --tls-ca and "
    "--trust-domain instead of --insecure-loopback";

enum class Answer { kReady, kFailed, kNone };

// Waits until the channel is connected or has failed to be.
Answer WaitForAnswer(grpc::Channel& channel, std::chrono::nanoseconds timeout) {
  const auto deadline = system_clock::now() + timeout;
  for (;;) {
    const grpc_connectivity_state state = channel.GetState(true);
    if (state == GRPC_CHANNEL_READY) return Answer::kReady;
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) return Answer::kFailed;
    if (!channel.WaitForStateChange(state, deadline)) return Answer::kNone;
  }
}

// Whether a call's deadline passed here. What the controller says of one that
// passed elsewhere, such as at a host, has words of its own.
bool IsOwnDeadline(const grpc::Status& status) {
  return status.error_message().empty() ||
         status.error_message() == "Deadline Exceeded";
}

// gRPC would write lines of its own beside the one that this program promises;
// who debugs it asks for them.
void QuietGrpc() {
  // Nothing here ever sets a variable.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::getenv("GRPC_VERBOSITY") != nullptr) return;
  gpr_set_log_function([](gpr_log_func_args*) {});
}

// Runs one operation of a call; false if the call is over.
template <class Operation>
bool Await(grpc::CompletionQueue& queue, const Operation& operation) {
  operation();
  void* tag = nullptr;
  bool ok = false;
  return queue.Next(&tag, &ok) && ok;
}

}  // namespace

class Connection::Impl {
 public:
  Impl(Endpoint endpoint, std::chrono::nanoseconds timeout, TlsPeer peer,
       std::shared_ptr<grpc::Channel> channel)
      : endpoint_(std::move(endpoint)),
        timeout_(timeout),
        peer_(std::move(peer)),
        channel_(std::move(channel)),
        stub_(channel_) {}

  // Why nobody answers, if so.
  absl::Status WaitUntilReady() {
    switch (WaitForAnswer(*channel_, timeout_)) {
      case Answer::kReady:
        return absl::OkStatus();
      case Answer::kFailed: {
        // Only a call tells why; this one changes nothing, whoever answers.
        google::protobuf::Empty empty;
        const grpc::Status why =
            CallOnce("/grpc.health.v1.Health/Check", empty, empty);
        return why.error_code() == grpc::StatusCode::UNAVAILABLE
                   ? ToStatus(why)
                   : absl::OkStatus();
      }
      case Answer::kNone:
        break;
    }
    return Silent();
  }

  absl::Status Call(const Message& request, Message& response) {
    const std::string path = MethodOf(*request.GetDescriptor()).path;
    grpc::Status status = CallOnce(path, request, response);
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE && Reconnects()) {
      status = CallOnce(path, request, response);
    }
    return ToStatus(status);
  }

  absl::Status Watch(const Message& request, Message& response,
                     absl::FunctionRef<absl::Status()> each) {
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    const auto call = stub_.PrepareCall(
        &context, MethodOf(*request.GetDescriptor()).path, &queue);
    const bool started =
        Await(queue, [&] { call->StartCall(nullptr); }) && Await(queue, [&] {
          call->Write(request, grpc::WriteOptions().set_last_message(),
                      nullptr);
        });
    absl::Status result;
    while (started && result.ok() &&
           Await(queue, [&] { call->Read(&response, nullptr); })) {
      result = each();
    }
    if (!result.ok()) context.TryCancel();
    grpc::Status status;
    Await(queue, [&] { call->Finish(&status, nullptr); });
    if (!result.ok()) return result;
    if (!status.ok()) return ToStatus(status);
    return AnswerError(absl::StatusCode::kUnavailable,
                       "the controller ended the stream");
  }

 private:
  grpc::Status CallOnce(const std::string& path, const Message& request,
                        Message& response) {
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + timeout_);
    grpc::CompletionQueue queue;
    const auto call = stub_.PrepareUnaryCall(&context, path, request, &queue);
    grpc::Status status;
    call->StartCall();
    Await(queue, [&] { call->Finish(&response, &status, nullptr); });
    return status;
  }

  bool Reconnects() {
    return channel_->WaitForConnected(system_clock::now() +
                                      std::min(timeout_, kReconnectTimeout));
  }

  bool IsSocket() const { return endpoint_.name.starts_with("unix:"); }

  // A socket whose connection neither fails nor is answered has a listener;
  // packets to another machine may just vanish.
  absl::Status Silent() const {
    const std::string within = absl::StrCat(
        " within ", std::chrono::duration<double>(timeout_).count(), " s; ");
    return AnswerError(
        absl::StatusCode::kDeadlineExceeded,
        IsSocket()
            ? absl::StrCat("the controller at ", endpoint_.name,
                           " is there but gave no answer", within,
                           "see that it is not stopped, or raise --timeout")
            : absl::StrCat("no answer from ", endpoint_.name, within,
                           "see that the controller is not stopped and that "
                           "the network leads there, or raise --timeout"));
  }

  const char* WayOut(const std::string& why) const {
    if (IsSocket() || NobodyListens(why)) return kStart;
    return endpoint_.tls ? kCheckCertificates : kTryTls;
  }

  // A call's outcome in the words of this program.
  absl::Status ToStatus(const grpc::Status& status) const {
    if (status.ok()) return absl::OkStatus();
    const auto code = static_cast<absl::StatusCode>(status.error_code());
    switch (code) {
      case absl::StatusCode::kUnavailable: {
        const std::string refused = peer_.refusal();
        if (!refused.empty()) return AnswerError(code, refused);
        return AnswerError(
            code, absl::StrCat("cannot reach the controller at ",
                               endpoint_.name, " (", status.error_message(),
                               "); ", WayOut(status.error_message())));
      }
      case absl::StatusCode::kDeadlineExceeded:
        if (!IsOwnDeadline(status)) {
          return AnswerError(code, status.error_message());
        }
        return AnswerError(code,
                           absl::StrCat("the controller at ", endpoint_.name,
                                        " gave no answer in time; raise "
                                        "--timeout"));
      case absl::StatusCode::kUnimplemented:
        return AnswerError(
            code, absl::StrCat("the controller at ", endpoint_.name,
                               " does not know this call; is it older than "
                               "this program?"));
      default:
        return AnswerError(code, status.error_message());
    }
  }

  const Endpoint endpoint_;
  const std::chrono::nanoseconds timeout_;
  const TlsPeer peer_;
  const std::shared_ptr<grpc::Channel> channel_;
  Stub stub_;
};

Connection::Connection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&& other) noexcept = default;
Connection& Connection::operator=(Connection&& other) noexcept = default;
Connection::~Connection() = default;

absl::StatusOr<Connection> Connection::Open(const ConnectionOptions& options,
                                            v1::Role role) {
  LB_ASSIGN_OR_RETURN(const Endpoint endpoint, ChooseEndpoint(options, role));
  QuietGrpc();
  TlsPeer peer(options.trust_domain);
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::InsecureChannelCredentials();
  if (endpoint.tls) {
    LB_ASSIGN_OR_RETURN(credentials, TlsCredentials(options, peer));
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  const auto timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(options.timeout_s));
  // How long gRPC waits for a connection's first bytes: longer than this does.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   static_cast<int>(options.timeout_s * 1'000) + 1'000);
  auto impl = std::make_unique<Impl>(
      endpoint, timeout, peer,
      grpc::CreateCustomChannel(endpoint.target, credentials, arguments));
  LB_RETURN_IF_ERROR(impl->WaitUntilReady());
  return Connection(std::move(impl));
}

absl::Status Connection::Call(const Message& request, Message& response) {
  return impl_->Call(request, response);
}

absl::Status Connection::Watch(const Message& request, Message& response,
                               absl::FunctionRef<absl::Status()> each) {
  return impl_->Watch(request, response, each);
}

}  // namespace lb::cli
