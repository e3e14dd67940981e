#include "agent/grpc_link.h"

#include <grpc/support/log.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/convert.h"
#include "common/controller_target.h"
#include "common/log.h"
#include "lb/v1/agent_service.grpc.pb.h"

namespace lb::agent {
namespace {

constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;

constexpr char kStart[] = "see that lb-controller runs there, and --controller";
constexpr char kCheckCertificates[] =
    "see that it takes TLS there, that both certificates come from the "
    "authority of --tls-ca, that none has expired, and that it is the "
    "controller of --trust-domain";
constexpr char kTryTls[] =
    "if it takes TLS there, use --tls-cert, --tls-key, --tls-ca and "
    "--trust-domain instead of --insecure-loopback";

// gRPC's own lines, once in the process: what matters of them ends a session,
// which says so.
void QuietGrpc() {
  static const bool quiet = [] {
    gpr_set_log_function([](gpr_log_func_args* args) {
      spdlog::debug("grpc: {}", args->message);
    });
    return true;
  }();
  static_cast<void>(quiet);
}

// Whether there never was a connection; the words are gRPC's.
bool FailedToConnect(const std::string& why) {
  return absl::StrContains(why, "failed to connect to all addresses") ||
         NobodyListens(why);
}

// What gRPC says of a connection that failed, without what it says of all.
std::string CauseOf(const std::string& why) {
  constexpr std::string_view kLast = "last error: ";
  const std::size_t last = why.find(kLast);
  return last == std::string::npos ? why : why.substr(last + kLast.size());
}

std::shared_ptr<grpc::Channel> NewChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // Else a new channel would share the old one's connection and its state.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

}  // namespace

// The streams that gRPC still holds. Any thread.
class GrpcLink::LiveStreams {
 public:
  void Add(const Stream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.insert(stream);
  }
  void Remove(const Stream* stream) {
    const std::lock_guard lock(mutex_);
    streams_.erase(stream);
    gone_.notify_all();
  }
  bool Contain(const Stream* stream) const {
    const std::lock_guard lock(mutex_);
    return streams_.contains(stream);
  }
  void WaitUntilNone() {
    std::unique_lock lock(mutex_);
    gone_.wait(lock, [this] { return streams_.empty(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  std::set<const Stream*> streams_;
};

// One session. Written to by the control thread, called back by gRPC's; live
// from Start() until gRPC's last call.
class GrpcLink::Stream final
    : public grpc::ClientBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  Stream(std::uint64_t session, const std::string& target, GrpcLink& link)
      : session_(session),
        target_(target),
        tls_(link.credentials_ != nullptr),
        inbox_(link.inbox_),
        clock_(link.clock_),
        live_(link.live_),
        stub_(v1::AgentService::NewStub(
            NewChannel(target, tls_ ? link.credentials_()
                                    : grpc::InsecureChannelCredentials()))) {}

  void Start(const Hello& hello) {
    live_->Add(this);
    stub_->async()->Connect(&context_, this);
    Write(ToProto(hello));
    StartRead(&incoming_);
    StartCall();
  }

  void Cancel() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      told_ = true;
    }
    context_.TryCancel();
  }

  void Write(v1::ConnectRequest request) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    queue_.push_back(std::move(request));
    WriteNext();
  }

  bool TryWriteReport(const Report& report) {
    const std::lock_guard lock(mutex_);
    if (ended_ || report_) return false;
    report_ = ToProto(report);
    WriteNext();
    return true;
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) {
      ended_ = true;  // OnDone tells why
      return;
    }
    WriteNext();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;  // OnDone tells why
    std::optional<Message> message = FromProto(incoming_);
    if (!message) {
      spdlog::debug("skipped a message this version does not know");
    } else if (!inbox_.Push(
                   {session_, clock_.Monotonic(), *std::move(message)})) {
      Tell(absl::ResourceExhaustedError(
          "it sends faster than plans can be applied"));
      context_.TryCancel();
      return;
    }
    StartRead(&incoming_);
  }

  void OnDone(const grpc::Status& status) override {
    if (status.ok()) {
      Tell(absl::UnavailableError("it closed the stream"));
    } else {
      Tell(absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                        Describe(status)));
    }
    const std::shared_ptr<LiveStreams> live = live_;
    live->Remove(this);  // which may be gone from here on
  }

 private:
  std::string Describe(const grpc::Status& status) const {
    const std::string& why = status.error_message();
    if (!FailedToConnect(why)) {
      return absl::StrCat(target_, ": ", why);
    }
    return absl::StrCat("cannot reach it at ", target_, " (", CauseOf(why),
                        "); ", WayOut(why));
  }

  const char* WayOut(const std::string& why) const {
    if (target_.starts_with("unix:") || NobodyListens(why)) return kStart;
    return tls_ ? kCheckCertificates : kTryTls;
  }

  // Requires mutex_. gRPC allows one outstanding write.
  void WriteNext() {
    if (writing_ || ended_) return;
    if (!queue_.empty()) {
      outgoing_ = std::move(queue_.front());
      queue_.pop_front();
    } else if (report_) {
      outgoing_ = *std::move(report_);
      report_.reset();
    } else {
      return;
    }
    writing_ = true;
    StartWrite(&outgoing_);
  }

  // Reports the end once.
  void Tell(absl::Status why) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (std::exchange(told_, true)) return;
    }
    inbox_.Push({session_, clock_.Monotonic(), LinkDown{std::move(why)}});
  }

  const std::uint64_t session_;
  const std::string target_;
  const bool tls_;
  Inbox& inbox_;
  const Clock& clock_;
  const std::shared_ptr<LiveStreams> live_;
  const std::unique_ptr<v1::AgentService::Stub> stub_;
  grpc::ClientContext context_;
  v1::ConnectResponse incoming_;

  std::mutex mutex_;
  bool writing_ = false;
  bool ended_ = false;
  bool told_ = false;
  v1::ConnectRequest outgoing_;               // under way while writing_
  std::deque<v1::ConnectRequest> queue_;      // answers and events
  std::optional<v1::ConnectRequest> report_;  // the one that waits
};

GrpcLink::GrpcLink(std::string target, Inbox& inbox, const Clock& clock,
                   Credentials credentials)
    : target_(std::move(target)),
      inbox_(inbox),
      clock_(clock),
      credentials_(std::move(credentials)),
      live_(std::make_shared<LiveStreams>()) {
  QuietGrpc();
}

GrpcLink::~GrpcLink() {
  Close();
  live_->WaitUntilNone();
}

std::uint64_t GrpcLink::Open(const Hello& hello) {
  Close();
  Reap();
  stream_ = std::make_unique<Stream>(++session_, target_, *this);
  stream_->Start(hello);
  return session_;
}

void GrpcLink::Close() {
  if (stream_ == nullptr) return;
  stream_->Cancel();
  retired_.push_back(std::move(stream_));
}

void GrpcLink::Reap() {
  std::erase_if(retired_, [this](const std::unique_ptr<Stream>& stream) {
    return !live_->Contain(stream.get());
  });
}

bool GrpcLink::TrySend(const Report& report) {
  return stream_ != nullptr && stream_->TryWriteReport(report);
}

void GrpcLink::Send(const PlanResult& result) {
  if (stream_ != nullptr) stream_->Write(ToProto(result));
}

void GrpcLink::Send(const TableChanged& changed) {
  if (stream_ != nullptr) stream_->Write(ToProto(changed));
}

void GrpcLink::Send(const AgentEvent& event) {
  if (stream_ != nullptr) stream_->Write(ToProto(event));
}

void GrpcLink::Send(const Answer& answer) {
  if (stream_ != nullptr) stream_->Write(ToProto(answer));
}

}  // namespace lb::agent
