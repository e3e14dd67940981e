// The API over unix sockets and TCP, spoken to by a scripted agent and a
// viewer.
#include "controller/rpc/server.h"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <thread>

#include "balance/snapshot.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "lb/v1/controller_service.grpc.pb.h"
#include "lb/v1/event_service.grpc.pb.h"
#include "lb/v1/host_service.grpc.pb.h"
#include "lb/v1/plan_service.grpc.pb.h"
#include "lb/v1/processor_service.grpc.pb.h"
#include "tests/controller/agent_wire.h"
#include "tests/controller/api_harness.h"
#include "tests/controller/api_methods.h"
#include "tests/controller/scripted_agent.h"

namespace lb::controller {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Optional;

class ServerTest : public testing::Test {
 protected:
  ServerTest() { api_.Serve(); }

  std::shared_ptr<grpc::Channel> AgentChannel() {
    return api_.SocketChannel(Role::kAgent);
  }
  std::shared_ptr<grpc::Channel> ViewerChannel() {
    return api_.SocketChannel(Role::kViewer);
  }
  // What is known of a host once nobody is served any more.
  void StopAndLookAt(const std::string& name,
                     const std::function<void(const Host&)>& look) {
    api_.server->Stop(seconds(60));
    api_.Settle();
    api_.OnLoop([&] {
      const Host* host = api_.core.fleet.FindHost(name);
      ASSERT_NE(host, nullptr);
      EXPECT_FALSE(host->connected());
      look(*host);
    });
  }

  ApiHarness api_;
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
        std::tuple{"hosts/nobody", 0ULL, grpc::StatusCode::NOT_FOUND},
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

TEST_F(ServerTest, WhatAgentsAreRefusedIsCounted) {
  SimulatedHost host = SkewedHost("a");
  host.table.owner[0] = ProcessorId(900);
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  api_.Settle();
  api_.OnLoop([this] {
    EXPECT_THAT(api_.store.events().back().message,
                testing::AllOf(HasSubstr("refused calls: 1"),
                               HasSubstr("processor 900")));
  });
}

TEST_F(ServerTest, AReportThatIsSaidAgainEndsItsStreamAndChangesNothing) {
  SimulatedHost host = SkewedHost();
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  const Report report = host.MakeReport(seconds(100), seconds(1));
  ASSERT_TRUE(agent.Say(report));
  ASSERT_TRUE(agent.Say(report));
  const grpc::Status status = agent.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("the sequence must rise"));
  StopAndLookAt("a", [&](const Host& known) {
    EXPECT_EQ(known.load->reports_of_table(), 1U);
    EXPECT_EQ(known.record.table, host.table);
    std::vector<std::string> messages;
    for (const Event& event : api_.store.events()) {
      messages.push_back(event.message);
    }
    EXPECT_THAT(messages, Contains(HasSubstr("refused calls: 1")));
  });
}

// See docs/operations.md.
constexpr std::size_t kMostBytes = std::size_t{2} << 20;

void ExpectTooLarge(const grpc::Status& status) {
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("larger than max"));
}

TEST_F(ServerTest, AMessageThatIsTooLargeEndsItsStreamAndChangesNothing) {
  SimulatedHost host = SkewedHost();
  {
    Hello hello = host.MakeHello();
    hello.boot_id = std::string(kMostBytes, 'x');
    ScriptedAgent agent(AgentChannel());
    agent.Say(hello);
    ExpectTooLarge(agent.Finish());
  }
  api_.OnLoop([this] { EXPECT_TRUE(api_.core.fleet.hosts().empty()); });
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(host.MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  ASSERT_TRUE(agent.SayReport(host));
  // Nothing but its size is wrong with it.
  v1::ConnectRequest large =
      RequestOf(host.MakeReport(seconds(200), seconds(1)));
  large.mutable_report()->mutable_buckets()->mutable_lower_bound()->Resize(
      static_cast<int>(kMostBytes), 1);
  agent.SayRaw(large);
  ExpectTooLarge(agent.Finish());
  StopAndLookAt("a", [&](const Host& known) {
    EXPECT_EQ(known.load->reports_of_table(), 1U);
    EXPECT_EQ(known.record.table, host.table);
    EXPECT_EQ(known.record.layout, host.layout);
    EXPECT_EQ(known.record.boot_id, "boot");
  });
}

TEST_F(ServerTest, ARequestThatIsTooLargeChangesNothing) {
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(SkewedHost().MakeHello()));
  ASSERT_TRUE(agent.Hear().has_welcome());
  const auto processors =
      v1::ProcessorService::NewStub(api_.SocketChannel(Role::kOperator));
  grpc::ClientContext context;
  v1::DrainProcessorRequest request;
  request.set_name("hosts/a/processors/1");
  request.set_reason(std::string(kMostBytes, 'x'));
  v1::DrainProcessorResponse response;
  ExpectTooLarge(processors->DrainProcessor(&context, request, &response));
  agent.Leave();
  StopAndLookAt("a", [](const Host& known) {
    EXPECT_EQ(known.record.intent, HostIntent());
  });
}

// As many buckets and processors as there may be, with the highest numbers.
TEST_F(ServerTest, TheLargestMessagesThereCanBeAreTaken) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  SimulatedHost host("a", kMaxProcessors,
                     std::vector<std::uint64_t>(
                         kMaxBuckets, balance::kMaxTotalLoad / kMaxBuckets));
  Hello hello = host.MakeHello();
  hello.labels.clear();
  for (int i = 0; i < 64; ++i) {
    hello.labels[std::to_string(i) + std::string(254, 'k')] =
        std::string(256, 'v');
  }
  PlanResult& result = hello.last_result.emplace();
  result.term = Term(kMost);
  result.epoch = Epoch(kMost);
  result.state = ApplyState::kPartial;
  for (std::uint32_t b = 0; b < kMaxBuckets; ++b) {
    const ProcessorId last(kMaxProcessors - 1);
    result.moves.push_back({{BucketId(b), last, last},
                            MoveOutcome::kNotMoved,
                            std::chrono::nanoseconds::max()});
  }
  Report report = host.MakeReport(seconds(100), seconds(1));
  for (ProcessorLoad& processor : report.load.processors) {
    processor.samples.count = kMost;
    processor.packets = processor.backlog_packets = kMost;
  }
  for (BucketLoad& bucket : report.load.buckets) {
    bucket.packets = kMost;
    bucket.connections = std::numeric_limits<std::uint32_t>::max();
    bucket.lower_bound = true;
  }
  // Or they were not large at all.
  EXPECT_GT(RequestOf(hello).ByteSizeLong(), kMostBytes / 4 * 3);
  EXPECT_GT(RequestOf(report).ByteSizeLong(), kMostBytes / 4 * 3);
  ScriptedAgent agent(AgentChannel());
  ASSERT_TRUE(agent.Say(hello));
  ASSERT_TRUE(agent.Hear().has_welcome());
  ASSERT_TRUE(agent.Say(report));
  EXPECT_TRUE(agent.Leave().ok());
  StopAndLookAt("a", [](const Host& known) {
    EXPECT_EQ(known.load->reports_of_table(), 1U);
    EXPECT_EQ(known.nonsense, "");
  });
}

TEST_F(ServerTest, AStreamWithoutAHelloEnds) {
  ScriptedAgent silent(AgentChannel());
  auto ended =
      std::async(std::launch::async, [&silent] { return silent.Finish(); });
  // Its time runs from when the server has begun with it.
  do {
    api_.Advance(std::chrono::hours(1));
  } while (ended.wait_for(std::chrono::milliseconds(10)) !=
           std::future_status::ready);
  const grpc::Status status = ended.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("no hello"));
}

TEST_F(ServerTest, OnlyOwnerAndGroupCanOpenASocket) {
  for (const Role role : kSocketRoles) {
    struct stat status {};
    ASSERT_EQ(stat(api_.listen.socket(role).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0660U);
  }
}

TEST_F(ServerTest, LoopbackServesEveryone) {
  ASSERT_NE(api_.server->tcp_port(), 0);
  const auto channel = api_.LoopbackChannel();
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

TEST_F(ServerTest, EveryListenerTellsItsHealthAndItsServices) {
  const std::string reflection =
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const std::string list_services("\x3a\x00", 2);
  const std::string health_file = "\x22\x15grpc.health.v1.Health";
  std::vector<std::shared_ptr<grpc::Channel>> channels = {
      api_.LoopbackChannel()};
  for (const Role role : kSocketRoles) {
    channels.push_back(api_.SocketChannel(role));
  }
  for (const auto& channel : channels) {
    // HealthCheckResponse { status: SERVING }.
    EXPECT_EQ(AskRaw(channel, "/grpc.health.v1.Health/Check", "").bytes,
              std::string("\x08\x01"));
    EXPECT_THAT(AskRaw(channel, reflection, health_file).bytes,
                Optional(HasSubstr("HealthCheckRequest")));
    const auto services = AskRaw(channel, reflection, list_services).bytes;
    for (const auto* method : ApiMethods()) {
      EXPECT_THAT(services,
                  Optional(HasSubstr(method->service()->full_name())));
    }
  }
}

TEST_F(ServerTest, ErrorsSayTheirReasonToPrograms) {
  const auto hosts = v1::HostService::NewStub(ViewerChannel());
  v1::GetHostRequest request;
  request.set_name("hosts/nobody");
  v1::GetHostResponse response;
  grpc::ClientContext context;
  const grpc::Status status = hosts->GetHost(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonIn(status), "NOT_FOUND");
}

TEST_F(ServerTest, WhoAsksTooOftenIsToldSo) {
  api_.clock.Freeze();
  const auto ask = [this](Role role) {
    const auto controller =
        v1::ControllerService::NewStub(api_.SocketChannel(role));
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    return controller->GetStatus(&context, {}, &response);
  };
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(ask(Role::kViewer).ok()) << i;
  const grpc::Status status = ask(Role::kViewer);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonIn(status), "RATE_LIMITED");
  EXPECT_TRUE(ask(Role::kOperator).ok());
}

TEST_F(ServerTest, AHostThatConnectsTooOftenIsToldSo) {
  api_.clock.Freeze();
  const auto connect = [this](const std::string& name) {
    ScriptedAgent agent(AgentChannel());
    agent.Say(SkewedHost(name).MakeHello());
    return agent.Leave();
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(connect("a").ok()) << i;
  EXPECT_EQ(connect("a").error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(connect("b").ok());
}

TEST_F(ServerTest, StatusNamesTheListenersAndTheCaller) {
  const auto controller =
      v1::ControllerService::NewStub(api_.SocketChannel(Role::kOperator));
  grpc::ClientContext context;
  v1::GetStatusResponse response;
  ASSERT_TRUE(controller->GetStatus(&context, {}, &response).ok());
  EXPECT_EQ(response.state(), v1::CONTROLLER_STATE_ACTIVE);
  EXPECT_EQ(response.store_id(), "store-a");
  EXPECT_EQ(response.caller(), "socket:operator");
  EXPECT_EQ(response.caller_role(), v1::ROLE_OPERATOR);
  ASSERT_EQ(response.listeners_size(), 5);
  EXPECT_EQ(response.listeners(1).address(),
            "unix:" + api_.listen.socket(Role::kViewer));
  EXPECT_EQ(response.listeners(1).kind(), "viewer socket");
  EXPECT_EQ(response.listeners(4).kind(), "plaintext on loopback");
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
  api_.server->Stop(seconds(60));
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(30));
  EXPECT_TRUE(agent.Hear().has_go_away());
  EXPECT_EQ(agent.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  while (watch->Read(&response)) {
  }
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(std::filesystem::exists(api_.listen.socket(Role::kAgent)));
}

TEST_F(ServerTest, AddressesInUseAreRefusedBeforeAnythingBegins) {
  ListenOptions same = api_.listen;
  same.insecure_loopback->port = api_.server->tcp_port();
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareListeners(same)));
  same.run_directory.clear();
  EXPECT_TRUE(absl::IsAlreadyExists(PrepareListeners(same)));
  // Who skips the check fails all the same, and does not share the port.
  EXPECT_TRUE(absl::IsUnavailable(Server::Start(same, api_.Access()).status()));
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
        host.instance_id = std::to_string(i);
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
  // Whoever is gone must not keep its host from being spoken for by another.
  agent.Leave();
  api_.server->Stop(std::chrono::seconds(5));
  api_.OnLoop([this] {
    for (int t = 0; t < 4; ++t) {
      EXPECT_EQ(api_.core.fleet.SessionOf("host-" + std::to_string(t)),
                nullptr);
    }
  });
}

}  // namespace
}  // namespace lb::controller
