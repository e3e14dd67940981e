// The API over unix sockets and TCP, spoken to by a scripted agent and a
// viewer.
#include "controller/rpc/server.h"

#include <sys/stat.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "tests/controller/agent_wire.h"
#include "tests/controller/temporary_directory.h"
#include "tests/support/controller_harness.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;

// A controller on a memory store, with a thread for its loop.
class ServerTest : public testing::Test {
 protected:
  ServerTest() : runner_([this] { loop_.Run(); }) {
    balance::Policy policy;
    policy.warm_up = std::chrono::milliseconds(0);
    std::promise<absl::Status> started;
    loop_.Post([&] {
      core_.fleet.Start(policy, [&](absl::Status s) { started.set_value(s); });
    });
    EXPECT_TRUE(started.get_future().get().ok());
    listen_.run_directory = directory_.path();
    listen_.insecure_loopback = {"127.0.0.1", 0};
    server_ = Server::Start(listen_, Access()).value();
  }
  ~ServerTest() override {
    server_.reset();
    loop_.Stop();
    runner_.join();
  }

  CoreAccess Access() { return {loop_, core_.fleet, core_.queries, core_.hub}; }
  std::shared_ptr<grpc::Channel> Channel(const std::string& address) {
    return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  }
  std::shared_ptr<grpc::Channel> AgentChannel() {
    return Channel("unix:" + listen_.agent_socket());
  }
  std::shared_ptr<grpc::Channel> ViewerChannel() {
    return Channel("unix:" + listen_.viewer_socket());
  }

  TemporaryDirectory directory_;
  EventLoop loop_{SystemClock()};
  MemoryStore store_{loop_, {.store_id = "store-a", .term = Term(1)}};
  CoreParts core_{loop_, store_, SystemClock(), balance::MakePlanner};
  ListenOptions listen_;
  std::thread runner_;
  std::unique_ptr<Server> server_;
};

// An agent that says what a test tells it to.
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
    end_ += seconds(1);
    return Say(host.MakeReport(end_, seconds(1)));
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
  std::chrono::nanoseconds end_ = seconds(100);
};

SimulatedHost SkewedHost(const std::string& name = "a") {
  return SimulatedHost(name, 4, SkewedLoads(256, 4, 2.0, 0.45));
}

// Connects and reports until a plan comes.
v1::PlanCommand FirstPlan(ScriptedAgent& agent, SimulatedHost& host) {
  EXPECT_TRUE(agent.Say(host.MakeHello()));
  EXPECT_TRUE(agent.Hear().has_welcome());
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(agent.SayReport(host));
  const v1::ConnectResponse response = agent.Hear();
  EXPECT_TRUE(response.has_plan()) << response.ShortDebugString();
  return response.plan();
}

TEST_F(ServerTest, AnAgentIsWelcomedPlannedAndAcknowledged) {
  SimulatedHost host = SkewedHost();
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  const v1::Welcome welcome = agent.Hear().welcome();
  EXPECT_EQ(welcome.store_id(), "store-a");
  EXPECT_EQ(welcome.term(), 1U);
  EXPECT_EQ(welcome.protocol_revision(), kProtocolRevision);
  EXPECT_EQ(welcome.policy().report_interval_ms(), 1'000U);
  EXPECT_EQ(welcome.policy().mode(), v1::MODE_AUTO);
  EXPECT_EQ(welcome.policy().fair_queue_quantum_us(), 50U);
  EXPECT_EQ(welcome.policy().fair_queue_limit_packets(), 0U);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(agent.SayReport(host));
  const v1::ConnectResponse planned = agent.Hear();
  ASSERT_TRUE(planned.has_plan());
  const PlanCommand command = CommandFrom(planned.plan());
  EXPECT_EQ(planned.plan().table().digest(),
            ComputeDigest(command.plan.table).value());
  EXPECT_EQ(command.plan.base, ComputeDigest(host.table));
  ASSERT_TRUE(agent.Say(host.Apply(command)));
  const v1::ConnectResponse ack = agent.Hear();
  ASSERT_TRUE(ack.has_plan_result_ack());
  EXPECT_EQ(ack.plan_result_ack().epoch(), command.plan.epoch.value());
  EXPECT_TRUE(agent.Leave().ok());
}

TEST_F(ServerTest, ViewersSeeHostsPlansAndEvents) {
  SimulatedHost host = SkewedHost();
  ScriptedAgent agent(AgentChannel());
  const PlanCommand command = CommandFrom(FirstPlan(agent, host));
  ASSERT_TRUE(agent.Say(host.Apply(command)));
  ASSERT_TRUE(agent.Hear().has_plan_result_ack());

  const auto channel = ViewerChannel();
  const auto hosts = v1::HostService::NewStub(channel);
  v1::GetHostRequest get_host;
  v1::GetHostResponse got_host;
  get_host.set_name("hosts/a");
  {
    grpc::ClientContext context;
    ASSERT_TRUE(hosts->GetHost(&context, get_host, &got_host).ok());
  }
  EXPECT_EQ(got_host.host().name(), "hosts/a");
  EXPECT_EQ(got_host.host().processors_size(), 4);
  EXPECT_EQ(got_host.host().table().owner_size(), 256);
  EXPECT_EQ(got_host.host().buckets().bucket_size(), 256);
  EXPECT_GT(got_host.host().imbalance(), 1.3);
  EXPECT_EQ(got_host.host().plan_count(), 1U);
  v1::ListHostsResponse listed_hosts;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(hosts->ListHosts(&context, {}, &listed_hosts).ok());
  }
  ASSERT_EQ(listed_hosts.hosts_size(), 1);
  EXPECT_FALSE(listed_hosts.hosts(0).has_table());

  const auto plans = v1::PlanService::NewStub(channel);
  v1::ListPlansRequest list_plans;
  v1::ListPlansResponse listed_plans;
  list_plans.set_parent("hosts/-");
  {
    grpc::ClientContext context;
    ASSERT_TRUE(plans->ListPlans(&context, list_plans, &listed_plans).ok());
  }
  ASSERT_EQ(listed_plans.plans_size(), 1);
  v1::GetPlanRequest get_plan;
  v1::GetPlanResponse got_plan;
  get_plan.set_name(listed_plans.plans(0).name());
  {
    grpc::ClientContext context;
    ASSERT_TRUE(plans->GetPlan(&context, get_plan, &got_plan).ok());
  }
  EXPECT_EQ(got_plan.plan().state(), v1::PLAN_STATE_APPLIED);
  EXPECT_EQ(got_plan.plan().moves_size(),
            static_cast<int>(got_plan.plan().move_count()));

  const auto events = v1::EventService::NewStub(channel);
  v1::ListEventsRequest list_events;
  v1::ListEventsResponse listed_events;
  list_events.set_parent("hosts/a");
  {
    grpc::ClientContext context;
    ASSERT_TRUE(events->ListEvents(&context, list_events, &listed_events).ok());
  }
  std::vector<std::string> kinds;
  for (const v1::Event& event : listed_events.events()) {
    kinds.push_back(event.kind());
  }
  EXPECT_THAT(kinds, Contains("HOST_CONNECTED"));
  EXPECT_THAT(kinds, Contains("PLAN_SENT"));
  EXPECT_THAT(kinds, Contains("PLAN_APPLIED"));
}

TEST_F(ServerTest, WrongQuestionsAreAnsweredWithTheirFault) {
  const auto hosts = v1::HostService::NewStub(ViewerChannel());
  v1::GetHostRequest request;
  v1::GetHostResponse response;
  request.set_name("hosts/nobody");
  grpc::ClientContext missing;
  EXPECT_EQ(hosts->GetHost(&missing, request, &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  request.set_name("nobody");
  grpc::ClientContext bad;
  const grpc::Status status = hosts->GetHost(&bad, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("use hosts/HOST"));
}

TEST_F(ServerTest, AWatchBringsThePastAndThenThePresent) {
  const auto events = v1::EventService::NewStub(ViewerChannel());
  grpc::ClientContext context;
  v1::WatchEventsRequest request;
  request.set_parent("hosts/-");
  request.set_after_revision(1);
  const auto stream = events->WatchEvents(&context, request);
  v1::WatchEventsResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.event().kind(), "POLICY_CHANGED");
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.synced_revision(), 2U);
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(SkewedHost().MakeHello()));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.event().kind(), "HOST_CONNECTED");
  EXPECT_EQ(response.event().revision(), 3U);
  agent.Leave();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.event().kind(), "HOST_DISCONNECTED");
  context.TryCancel();
  stream->Finish();
}

TEST_F(ServerTest, AWatchOfNonsenseEndsAtOnce) {
  const auto events = v1::EventService::NewStub(ViewerChannel());
  for (const auto& [parent, after, code] :
       {std::tuple{"hosts", 0ULL, grpc::StatusCode::INVALID_ARGUMENT},
        std::tuple{"hosts/-", 999ULL, grpc::StatusCode::OUT_OF_RANGE}}) {
    grpc::ClientContext context;
    v1::WatchEventsRequest request;
    request.set_parent(parent);
    request.set_after_revision(after);
    const auto stream = events->WatchEvents(&context, request);
    v1::WatchEventsResponse response;
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_EQ(stream->Finish().error_code(), code);
  }
}

TEST_F(ServerTest, AnotherInstanceIsRefusedAndTheSameOneTakesOver) {
  SimulatedHost host = SkewedHost();
  ScriptedAgent first(AgentChannel());
  ASSERT_TRUE(first.Say(host.MakeHello()));
  ASSERT_TRUE(first.Hear().has_welcome());
  SimulatedHost twin = SkewedHost();
  twin.instance_id = "twin";
  ScriptedAgent second(AgentChannel());
  ASSERT_TRUE(second.Say(twin.MakeHello()));
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::ALREADY_EXISTS);
  ScriptedAgent third(AgentChannel());
  ASSERT_TRUE(third.Say(host.MakeHello()));
  ASSERT_TRUE(third.Hear().has_welcome());
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(ServerTest, StreamsThatBreakTheRulesEndWithTheirFault) {
  SimulatedHost host = SkewedHost();
  {
    ScriptedAgent agent(AgentChannel());
    ASSERT_TRUE(agent.SayReport(host));
    const grpc::Status status = agent.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("begins with a hello"));
  }
  {
    ScriptedAgent agent(AgentChannel());
    ASSERT_TRUE(agent.SayRaw(v1::ConnectRequest()));
    EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    ScriptedAgent agent(AgentChannel());
    ASSERT_TRUE(agent.Say(host.MakeHello()));
    ASSERT_TRUE(agent.Hear().has_welcome());
    ASSERT_TRUE(agent.Say(host.MakeHello()));
    const grpc::Status status = agent.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("one hello"));
  }
}

TEST_F(ServerTest, ASocketServesItsRoleOnly) {
  const auto hosts = v1::HostService::NewStub(AgentChannel());
  grpc::ClientContext context;
  v1::ListHostsResponse response;
  EXPECT_EQ(hosts->ListHosts(&context, {}, &response).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  ScriptedAgent agent(ViewerChannel());
  agent.Say(SkewedHost().MakeHello());
  EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  for (const std::string& path :
       {listen_.agent_socket(), listen_.viewer_socket()}) {
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660U);
  }
}

TEST_F(ServerTest, LoopbackServesEveryone) {
  ASSERT_NE(server_->tcp_port(), 0);
  const auto channel =
      Channel("127.0.0.1:" + std::to_string(server_->tcp_port()));
  ScriptedAgent agent(channel);
  ASSERT_TRUE(agent.Say(SkewedHost().MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  const auto hosts = v1::HostService::NewStub(channel);
  grpc::ClientContext context;
  v1::ListHostsResponse response;
  ASSERT_TRUE(hosts->ListHosts(&context, {}, &response).ok());
  EXPECT_EQ(response.hosts_size(), 1);
  agent.Leave();
}

// One message to a method and its first answer, as bytes: what reflection and
// health speak is not compiled into this test, because gRPC's library holds
// the former already.
std::string AskRaw(const std::shared_ptr<grpc::Channel>& channel,
                   const std::string& method, const std::string& bytes) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(&context);
  queue.Next(&tag, &ok);
  grpc::Slice slice(bytes);
  call->Write(grpc::ByteBuffer(&slice, 1), &context);
  queue.Next(&tag, &ok);
  grpc::ByteBuffer answer;
  call->Read(&answer, &context);
  queue.Next(&tag, &ok);
  if (!ok) return "";
  context.TryCancel();
  grpc::Slice whole;
  EXPECT_TRUE(answer.DumpToSingleSlice(&whole).ok());
  return std::string(whole.begin(), whole.end());
}

TEST_F(ServerTest, EveryListenerTellsItsHealthAndItsServices) {
  const std::string reflection =
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string list_services("\x3a\x00", 2);
  const std::string health_file = "\x22\x15grpc.health.v1.Health";
  for (const auto& channel : {AgentChannel(), ViewerChannel()}) {
    // HealthCheckResponse { status: SERVING }.
    EXPECT_EQ(AskRaw(channel, "/grpc.health.v1.Health/Check", ""),
              std::string("\x08\x01"));
    EXPECT_THAT(AskRaw(channel, reflection, health_file),
                HasSubstr("HealthCheckRequest"));
  }
  EXPECT_THAT(AskRaw(AgentChannel(), reflection, list_services),
              testing::AllOf(HasSubstr("lb.v1.AgentService"),
                             testing::Not(HasSubstr("lb.v1.HostService"))));
  EXPECT_THAT(AskRaw(ViewerChannel(), reflection, list_services),
              HasSubstr("lb.v1.HostService"));
}

TEST_F(ServerTest, StoppingEndsStreamsAtOnceAndRemovesTheSockets) {
  SimulatedHost host = SkewedHost();
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  const auto events = v1::EventService::NewStub(ViewerChannel());
  grpc::ClientContext context;
  v1::WatchEventsRequest request;
  request.set_parent("hosts/-");
  const auto watch = events->WatchEvents(&context, request);
  v1::WatchEventsResponse response;
  ASSERT_TRUE(watch->Read(&response));
  const auto before = std::chrono::steady_clock::now();
  server_->Stop(seconds(60));
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(30));
  EXPECT_TRUE(agent.Hear().has_go_away());
  EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  while (watch->Read(&response)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(std::filesystem::exists(listen_.agent_socket()));
}

TEST_F(ServerTest, AddressesInUseAreRefusedBeforeAnythingBegins) {
  ListenOptions same = listen_;
  same.insecure_loopback->port = server_->tcp_port();
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareListeners(same)));
  same.run_directory.clear();
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareListeners(same)));
  // Who skips the check fails all the same, and does not share the port.
  EXPECT_TRUE(absl::IsUnavailable(Server::Start(same, Access()).status()));
}

// Agents that come and go in every way there is; nothing crashes, nothing
// leaks, and the last one is served.
TEST_F(ServerTest, ManyAgentsComeAndGo) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 10; ++i) {
        SimulatedHost host = SkewedHost("host-" + std::to_string(t));
        ScriptedAgent agent(AgentChannel());
        if (i % 5 != 0) agent.Say(host.MakeHello());
        if (i % 2 == 0) agent.SayReport(host);
        if (i % 3 == 0) agent.Hear();
        if (i % 4 == 0) agent.Cancel();
        agent.Leave();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  SimulatedHost host = SkewedHost("last");
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  EXPECT_TRUE(agent.Hear().has_welcome());
}

}  // namespace
}  // namespace lb::controller
