#include "tests/bench/fleet/bare_server.h"

#include <mutex>

namespace lb::bench {

class BareService::Stream final
    : public grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  explicit Stream(BareService& service) : service_(service) {
    ++service_.streams_;
    welcome_.mutable_welcome()->set_store_id("bare");
    welcome_.mutable_welcome()->set_term(1);
    welcome_.mutable_welcome()->set_protocol_revision(1);
    StartWrite(&welcome_);
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      End();
      return;
    }
    ++service_.messages_;
    StartRead(&request_);
  }
  void OnCancel() override { End(); }
  void OnDone() override {
    --service_.streams_;
    delete this;
  }

 private:
  void End() {
    std::call_once(ended_, [this] { Finish(grpc::Status::OK); });
  }

  BareService& service_;
  v1::ConnectRequest request_;
  v1::ConnectResponse welcome_;
  std::once_flag ended_;
};

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>*
BareService::Connect(grpc::CallbackServerContext*) {
  return new Stream(*this);
}

}  // namespace lb::bench
