#include "tests/support/scripted_controller.h"

#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace lb {

// Deleted in OnDone(). Calls from the test come with the controller's lock
// held, which Gone() takes too, so they find a live stream or none.
class ScriptedController::Stream final
    : public grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  explicit Stream(ScriptedController& controller, bool reading)
      : controller_(controller), reading_(reading) {
    StartRead(&incoming_);
  }

  void Write(const v1::ConnectResponse& response) {
    const std::lock_guard lock(mutex_);
    if (finished_) return;
    queue_.push_back(response);
    WriteNext();
  }

  void End(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(finished_, true)) Finish(status);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      End(grpc::Status::OK);
      return;
    }
    controller_.Keep(incoming_);
    if (reading_) StartRead(&incoming_);
  }

  void OnWriteDone(bool) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    WriteNext();
  }

  void OnCancel() override { End(grpc::Status::CANCELLED); }

  void OnDone() override {
    controller_.Gone(this);
    delete this;
  }

 private:
  void WriteNext() {
    if (writing_ || finished_ || queue_.empty()) return;
    outgoing_ = std::move(queue_.front());
    queue_.pop_front();
    writing_ = true;
    StartWrite(&outgoing_);
  }

  ScriptedController& controller_;
  const bool reading_;
  v1::ConnectRequest incoming_;
  std::mutex mutex_;
  bool writing_ = false;
  bool finished_ = false;
  v1::ConnectResponse outgoing_;
  std::deque<v1::ConnectResponse> queue_;
};

class ScriptedController::Service final
    : public v1::AgentService::CallbackService {
 public:
  explicit Service(ScriptedController& controller) : controller_(controller) {}

  grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* Connect(
      grpc::CallbackServerContext* context) override {
    const std::lock_guard lock(controller_.mutex_);
    controller_.peer_.clear();
    for (const grpc::string_ref& name :
         context->auth_context()->FindPropertyValues("peer_spiffe_id")) {
      controller_.peer_.assign(name.data(), name.size());
    }
    controller_.newest_ = new Stream(controller_, controller_.reading_);
    return controller_.newest_;
  }

 private:
  ScriptedController& controller_;
};

ScriptedController::ScriptedController(
    const std::string& address,
    const std::shared_ptr<grpc::ServerCredentials>& credentials)
    : service_(std::make_unique<Service>(*this)) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, credentials, &port_);
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    std::fprintf(stderr, "cannot listen at %s\n", address.c_str());
    std::abort();
  }
}

ScriptedController::~ScriptedController() {
  server_->Shutdown(std::chrono::system_clock::now());
}

std::string ScriptedController::peer() const {
  const std::lock_guard lock(mutex_);
  return peer_;
}

std::optional<v1::ConnectRequest> ScriptedController::Receive(
    std::chrono::milliseconds limit) {
  return ReceiveUntil([](const v1::ConnectRequest&) { return true; }, limit);
}

std::optional<v1::ConnectRequest> ScriptedController::ReceiveUntil(
    const std::function<bool(const v1::ConnectRequest&)>& wanted,
    std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::unique_lock lock(mutex_);
  while (changed_.wait_until(lock, deadline,
                             [this] { return !received_.empty(); })) {
    v1::ConnectRequest request = std::move(received_.front());
    received_.pop_front();
    if (wanted(request)) return request;
  }
  return std::nullopt;
}

bool ScriptedController::Send(const v1::ConnectResponse& response) {
  const std::lock_guard lock(mutex_);
  if (newest_ == nullptr) return false;
  newest_->Write(response);
  return true;
}

bool ScriptedController::SendWelcome(const std::string& store_id,
                                     std::uint64_t term) {
  v1::ConnectResponse response;
  v1::Welcome* welcome = response.mutable_welcome();
  welcome->set_store_id(store_id);
  welcome->set_term(term);
  welcome->set_software_version("scripted");
  welcome->set_protocol_revision(1);
  welcome->mutable_policy()->set_revision(1);
  welcome->mutable_policy()->set_report_interval_ms(100);
  return Send(response);
}

bool ScriptedController::End(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (newest_ == nullptr) return false;
  newest_->End(status);
  return true;
}

void ScriptedController::StopReading() {
  const std::lock_guard lock(mutex_);
  reading_ = false;
}

bool ScriptedController::WaitForEnd(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return newest_ == nullptr; });
}

void ScriptedController::Keep(const v1::ConnectRequest& request) {
  const std::lock_guard lock(mutex_);
  received_.push_back(request);
  changed_.notify_all();
}

void ScriptedController::Gone(const Stream* stream) {
  const std::lock_guard lock(mutex_);
  if (newest_ == stream) newest_ = nullptr;
  changed_.notify_all();
}

}  // namespace lb
