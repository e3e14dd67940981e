#include "tests/cli/fake_api.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

#include "cli/api_method.h"

namespace lb::cli {
namespace {

grpc::ByteBuffer ToBuffer(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string ToBytes(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return "";
  return {reinterpret_cast<const char*>(slice.begin()),  // NOLINT: bytes
          slice.size()};
}

// One call: reads the request, writes the answer's messages, ends.
class CallReactor final : public grpc::ServerGenericBidiReactor {
 public:
  explicit CallReactor(std::function<FakeAnswer(const std::string&)> method)
      : method_(std::move(method)), answer_(absl::OkStatus()) {
    StartRead(&request_);
  }
  void OnReadDone(bool ok) override {
    if (ok) answer_ = method_(ToBytes(request_));
    if (answer_.withheld) {
      FinishWithheld();
    } else {
      WriteNext();
    }
  }
  void OnCancel() override { FinishWithheld(); }
  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  // Whoever comes second, the request or its cancellation, ends the call.
  void FinishWithheld() {
    if (++seen_ == 2) Finish(grpc::Status::CANCELLED);
  }

  void WriteNext() {
    if (written_ < answer_.messages.size()) {
      message_ = ToBuffer(answer_.messages[written_++]);
      StartWrite(&message_);
      return;
    }
    Finish({static_cast<grpc::StatusCode>(answer_.end.raw_code()),
            std::string(answer_.end.message())});
  }

  const std::function<FakeAnswer(const std::string&)> method_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer message_;
  FakeAnswer answer_;
  std::size_t written_ = 0;
  std::atomic<int> seen_{0};
};

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(
    const FakeListener& listener) {
  if (listener.certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = listener.client_ca;
  options.pem_key_cert_pairs.push_back({listener.key, listener.certificate});
  return grpc::SslServerCredentials(options);
}

}  // namespace

class FakeApi::Impl final : public grpc::CallbackGenericService {
 public:
  ~Impl() override {
    if (server_ != nullptr) server_->Shutdown();
  }

  void Add(const std::string& path, Method method) {
    methods_[path] = std::move(method);
  }

  void Serve(const FakeListener& listener) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(listener.address, CredentialsOf(listener),
                             listener.port);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
      std::fprintf(stderr, "cannot listen at %s\n", listener.address.c_str());
      std::abort();
    }
  }

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const auto method = methods_.find(context->method());
    if (method == methods_.end()) {
      return new CallReactor([](const std::string&) {
        return FakeAnswer(absl::UnimplementedError(""));
      });
    }
    return new CallReactor([this, method](const std::string& bytes) {
      const std::scoped_lock lock(mutex_);
      return method->second(bytes);
    });
  }

 private:
  std::map<std::string, Method> methods_;  // by path
  std::mutex mutex_;                       // held during a method
  std::unique_ptr<grpc::Server> server_;
};

FakeApi::FakeApi() : impl_(std::make_unique<Impl>()) {}
FakeApi::~FakeApi() = default;

void FakeApi::OnMethod(const google::protobuf::Descriptor& request,
                       Method method) {
  impl_->Add(MethodOf(request).path, std::move(method));
}

void FakeApi::Serve(const FakeListener& listener) { impl_->Serve(listener); }

}  // namespace lb::cli
