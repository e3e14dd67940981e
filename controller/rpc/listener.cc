#include "controller/rpc/listener.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/impl/server_builder_option.h"
#include "health.pb.h"

namespace lb::controller {
namespace {

// As large as whatever an agent may have to say (docs/adr/0012).
constexpr int kMaxMessageBytes = 2 << 20;
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5'000;
constexpr int kMaxStreams = 100;  // of one connection
// Long enough for thousands that come at once, and no longer.
constexpr int kHandshakeTimeoutMs = 60'000;
// A connection without a call is closed after so long.
constexpr int kIdleMs = 600'000;

// gRPC's own lines go where ours go, and only real trouble by default.
void ForwardLog(gpr_log_func_args* args) {
  if (args->severity == GPR_LOG_SEVERITY_ERROR) {
    spdlog::warn("grpc: {}", args->message);
  } else {
    spdlog::debug("grpc: {}", args->message);
  }
}

// What is wrong with a message ends its call, which says so.
void ForwardProtobufLog(google::protobuf::LogLevel level, const char* /*file*/,
                        int /*line*/, const std::string& message) {
  if (level == google::protobuf::LOGLEVEL_FATAL) {
    spdlog::critical("protobuf: {}", message);
  } else {
    spdlog::debug("protobuf: {}", message);
  }
}

// Once in the process, before its first server.
void PrepareGrpc() {
  static const bool prepared = [] {
    gpr_set_log_function(ForwardLog);
    google::protobuf::SetLogHandler(ForwardProtobufLog);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    // Links the health protocol's description, which reflection serves; gRPC's
    // own service of it brings none.
    return grpc::health::v1::HealthCheckRequest::descriptor() != nullptr;
  }();
  static_cast<void>(prepared);
}

// gRPC gives reflection to every server of the process; this takes it from
// one.
class WithoutReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments* /*arguments*/) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>*
                         plugins) override {
    const std::string name =
        grpc::reflection::ProtoServerReflectionPlugin().name();
    std::erase_if(*plugins, [&name](const auto& plugin) {
      return plugin->name() == name;
    });
  }
};

void SetLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  const std::pair<const char*, int> limits[] = {
      {GRPC_ARG_ALLOW_REUSEPORT, 0},
      {GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams},
      {GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs},
      {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs},
      {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
      // Reports are small: a wider window would only hold more of them, and
      // finding out how wide it might be takes pings.
      {GRPC_ARG_HTTP2_BDP_PROBE, 0},
      {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kKeepaliveMs / 2},
      {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMs},
      {GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs}};
  for (const auto& [name, value] : limits) {
    builder.AddChannelArgument(name, value);
  }
}

}  // namespace

Listener::Listener(Entrance entrance, const ListenerList& listeners)
    : entrance_(std::move(entrance)),
      agents_(entrance_),
      audit_(entrance_),
      balance_(entrance_),
      buckets_(entrance_),
      controller_(entrance_, listeners),
      events_(entrance_),
      flows_(entrance_),
      hosts_(entrance_),
      loads_(entrance_),
      plans_(entrance_),
      policies_(entrance_),
      processors_(entrance_) {}

void Listener::RegisterServices(grpc::ServerBuilder& builder) {
  for (grpc::Service* service : std::initializer_list<grpc::Service*>{
           &agents_, &audit_, &balance_, &buckets_, &controller_, &events_,
           &flows_, &hosts_, &loads_, &plans_, &policies_, &processors_}) {
    builder.RegisterService(service);
  }
}

absl::Status Listener::Start(const ListenerOptions& options,
                             grpc::ResourceQuota& quota) {
  PrepareGrpc();
  grpc::ServerBuilder builder;
  SetLimits(builder);
  builder.SetResourceQuota(quota);
  if (!options.reflection) {
    builder.SetOption(std::make_unique<WithoutReflection>());
  }
  builder.AddListeningPort(options.address, options.credentials, &port_);
  RegisterServices(builder);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", options.address,
        "; see whether another process took it, or choose another address"));
  }
  return absl::OkStatus();
}

void Listener::Shutdown(std::chrono::system_clock::time_point deadline) {
  if (server_ != nullptr) server_->Shutdown(deadline);
}

}  // namespace lb::controller
