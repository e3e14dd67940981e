#include "tests/controller/api_harness.h"

#include <future>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/generic/generic_stub.h"
#include "gtest/gtest.h"

namespace lb::controller {

namespace {

absl::StatusOr<AgentReach> Reach(Fleet& fleet, const std::string& name) {
  const Host* host = fleet.FindHost(name);
  if (host == nullptr) return NoSuchHost(name);
  HostSession* session = fleet.SessionOf(name);
  if (session == nullptr) return AgentReach();
  return AgentReach{
      .session = session->id(),
      .link = &session->link(),
      .answers = session->Has(kQueryFeature),
      .buckets = static_cast<std::uint32_t>(host->record.table.owner.size())};
}

}  // namespace

ApiHarness::ApiHarness()
    : agent_queries(
          loop, clock,
          [this](const std::string& name) { return Reach(core.fleet, name); }),
      hosts(loop, core.hub, core.fleet, clock),
      runner([this] { loop.Run(); }) {
  core.fleet.set_on_sample(
      [this](const ProcessorSample& sample) { loads.Publish(sample); });
  core.fleet.set_on_answer(
      [this](const std::string& host, const Answer& answer) {
        agent_queries.OnAnswer(host, answer);
      });
  balance::Policy policy;
  policy.warm_up = std::chrono::milliseconds(0);
  std::promise<absl::Status> started;
  loop.Post([&] {
    core.fleet.Start(policy, [&](absl::Status status) {
      hosts.Start();
      started.set_value(std::move(status));
    });
  });
  EXPECT_TRUE(started.get_future().get().ok());
}

ApiHarness::~ApiHarness() {
  server.reset();
  loop.Stop();
  runner.join();
}

void ApiHarness::Serve(std::optional<TlsOptions> tls) {
  listen.run_directory = directory.path();
  listen.insecure_loopback = {"127.0.0.1", 0};
  listen.tls = std::move(tls);
  auto started = Server::Start(listen, Access());
  ASSERT_TRUE(started.ok()) << started.status();
  server = *std::move(started);
}

CoreAccess ApiHarness::Access() {
  return {loop,         clock,         core.fleet, core.journal, core.commands,
          core.queries, agent_queries, core.hub,   hosts,        loads};
}

void ApiHarness::OnLoop(const std::function<void()>& task) {
  std::promise<void> done;
  loop.Post([&task, &done] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void ApiHarness::Settle() {
  // A task may post, and the memory store answers by posting once more.
  for (int i = 0; i < 3; ++i) OnLoop([] {});
}

void ApiHarness::Advance(std::chrono::hours by) {
  clock.Advance(by);
  Settle();
}

std::shared_ptr<grpc::Channel> ApiHarness::SocketChannel(Role role) const {
  return grpc::CreateChannel("unix:" + listen.socket(role),
                             grpc::InsecureChannelCredentials());
}

std::shared_ptr<grpc::Channel> ApiHarness::LoopbackChannel() const {
  return grpc::CreateChannel("127.0.0.1:" + std::to_string(server->tcp_port()),
                             grpc::InsecureChannelCredentials());
}

RawAnswer AskRaw(const std::shared_ptr<grpc::Channel>& channel,
                 const std::string& method, const std::string& bytes) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto next = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  next();
  grpc::Slice slice(bytes);
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  next();
  grpc::ByteBuffer buffer;
  call->Read(&buffer, nullptr);
  RawAnswer answer;
  if (next()) {
    grpc::Slice whole;
    EXPECT_TRUE(buffer.DumpToSingleSlice(&whole).ok());
    answer.bytes = std::string(whole.begin(), whole.end());
    context.TryCancel();
  }
  call->Finish(&answer.status, nullptr);
  next();
  return answer;
}

std::string ReasonIn(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  const bool sound = details.ParseFromString(status.error_details()) &&
                     details.code() == status.error_code() &&
                     details.message() == status.error_message() &&
                     details.details_size() == 1 &&
                     details.details(0).UnpackTo(&info) &&
                     info.domain() == "lb";
  return sound ? info.reason() : "";
}

}  // namespace lb::controller
