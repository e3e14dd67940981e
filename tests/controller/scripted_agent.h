// An agent's stream that says what a test tells it to.
#ifndef LB_TESTS_CONTROLLER_SCRIPTED_AGENT_H_
#define LB_TESTS_CONTROLLER_SCRIPTED_AGENT_H_

#include <chrono>
#include <memory>
#include <utility>

#include "grpcpp/grpcpp.h"
#include "lb/v1/agent_service.grpc.pb.h"
#include "tests/controller/agent_wire.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {

class ScriptedAgent {
 public:
  explicit ScriptedAgent(std::shared_ptr<grpc::Channel> channel)
      : stub_(v1::AgentService::NewStub(std::move(channel))),
        stream_(stub_->Connect(&context_)) {}

  template <class Message>
  bool Say(const Message& message) {
    return stream_->Write(RequestOf(message));
  }
  bool SayRaw(const v1::ConnectRequest& request) {
    return stream_->Write(request);
  }
  // The next answer; an empty one if the stream ended.
  v1::ConnectResponse Hear() {
    v1::ConnectResponse response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }
  // A report of the next second.
  bool SayReport(SimulatedHost& host) {
    end_ += std::chrono::seconds(1);
    return Say(host.MakeReport(end_, std::chrono::seconds(1)));
  }
  grpc::Status Leave() {
    stream_->WritesDone();
    return Finish();
  }
  grpc::Status Finish() {
    v1::ConnectResponse ignored;
    while (stream_->Read(&ignored)) {
    }
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::AgentService::Stub> stub_;
  std::unique_ptr<
      grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>>
      stream_;
  std::chrono::nanoseconds end_ = std::chrono::seconds(100);
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_SCRIPTED_AGENT_H_
