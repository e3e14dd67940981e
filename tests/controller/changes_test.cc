// Changes, questions and watches over the API, against the whole of core.
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "lb/v1/audit_service.grpc.pb.h"
#include "lb/v1/balance_service.grpc.pb.h"
#include "lb/v1/bucket_service.grpc.pb.h"
#include "lb/v1/controller_service.grpc.pb.h"
#include "lb/v1/flow_service.grpc.pb.h"
#include "lb/v1/host_service.grpc.pb.h"
#include "lb/v1/load_service.grpc.pb.h"
#include "lb/v1/plan_service.grpc.pb.h"
#include "lb/v1/policy_service.grpc.pb.h"
#include "lb/v1/processor_service.grpc.pb.h"
#include "tests/controller/api_harness.h"
#include "tests/controller/scripted_agent.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

// One call of a stub's method, such as
// Ask(&v1::HostService::Stub::GetHost, stub, request, response).
template <class Stub, class Request, class Response>
grpc::Status Ask(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                              const Request&, Response*),
                 Stub& stub, const Request& request, Response& response) {
  grpc::ClientContext context;
  return (stub.*method)(&context, request, &response);
}

class ChangesTest : public testing::Test {
 protected:
  ChangesTest() {
    api_.Serve();
    channel_ = api_.SocketChannel(Role::kAdmin);
    processors_ = v1::ProcessorService::NewStub(channel_);
    policies_ = v1::PolicyService::NewStub(channel_);
    hosts_ = v1::HostService::NewStub(channel_);
    plans_ = v1::PlanService::NewStub(channel_);
  }

  // The host "a", with an agent that can do everything.
  std::unique_ptr<ScriptedAgent> Connect(SimulatedHost& host) {
    auto agent =
        std::make_unique<ScriptedAgent>(api_.SocketChannel(Role::kAgent));
    Hello hello = host.MakeHello();
    hello.features = {"drain", "query"};
    EXPECT_TRUE(agent->Say(hello));
    EXPECT_TRUE(agent->Hear().has_welcome());
    EXPECT_TRUE(agent->Hear().has_drain());
    return agent;
  }

  v1::DrainProcessorRequest DrainRequest(const std::string& id) {
    v1::DrainProcessorRequest request;
    request.set_name("hosts/a/processors/1");
    request.set_reason("new thermal paste");
    request.set_request_id(id);
    return request;
  }
  grpc::Status Drain(const v1::DrainProcessorRequest& request,
                     v1::DrainProcessorResponse& response) {
    return Ask(&v1::ProcessorService::Stub::DrainProcessor, *processors_,
               request, response);
  }

  ApiHarness api_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::ProcessorService::Stub> processors_;
  std::unique_ptr<v1::PolicyService::Stub> policies_;
  std::unique_ptr<v1::HostService::Stub> hosts_;
  std::unique_ptr<v1::PlanService::Stub> plans_;
  SimulatedHost host_{"a", 4, std::vector<std::uint64_t>(256, 1'000'000)};
};

TEST_F(ChangesTest, ADrainIsMadeOnceAndItsReceiptIsInTheAudit) {
  const auto agent = Connect(host_);
  v1::DrainProcessorResponse first;
  ASSERT_TRUE(Drain(DrainRequest("id-1"), first).ok());
  EXPECT_TRUE(first.host().processors(1).drained());
  EXPECT_FALSE(first.host().processors(0).drained());
  EXPECT_GT(first.receipt().revision(), 0U);
  EXPECT_EQ(first.receipt().audit_hash().size(), 64U);
  EXPECT_FALSE(first.receipt().repeated());
  const auto drained = agent->Hear();
  ASSERT_EQ(drained.drain().processors_size(), 1);
  EXPECT_EQ(drained.drain().processors(0), 1U);

  v1::DrainProcessorResponse second;
  ASSERT_TRUE(Drain(DrainRequest("id-1"), second).ok());
  EXPECT_TRUE(second.receipt().repeated());
  EXPECT_EQ(second.receipt().revision(), first.receipt().revision());

  v1::DrainProcessorRequest other = DrainRequest("id-1");
  other.set_name("hosts/a/processors/2");
  v1::DrainProcessorResponse ignored;
  EXPECT_EQ(Drain(other, ignored).error_code(), grpc::INVALID_ARGUMENT);

  v1::ListAuditRecordsResponse records;
  const auto audit = v1::AuditService::NewStub(channel_);
  ASSERT_TRUE(
      Ask(&v1::AuditService::Stub::ListAuditRecords, *audit, {}, records).ok());
  ASSERT_GE(records.records_size(), 1);
  const v1::AuditRecord& record = records.records(0);
  EXPECT_EQ(record.caller(), "socket:admin");
  EXPECT_EQ(record.role(), v1::ROLE_ADMIN);
  EXPECT_EQ(record.method(), "lb.v1.ProcessorService/DrainProcessor");
  EXPECT_EQ(record.resource(), "hosts/a/processors/1");
  EXPECT_EQ(record.reason(), "new thermal paste");
  EXPECT_EQ(record.request_id(), "id-1");
  EXPECT_EQ(record.outcome(), "OK");
  EXPECT_EQ(record.hash(), first.receipt().audit_hash());

  v1::VerifyAuditRequest verify;
  verify.set_sequence(first.receipt().audit_sequence());
  verify.set_hash(first.receipt().audit_hash());
  v1::VerifyAuditResponse verified;
  ASSERT_TRUE(
      Ask(&v1::AuditService::Stub::VerifyAudit, *audit, verify, verified).ok());
  EXPECT_GE(verified.last_sequence(), verify.sequence());
  verify.set_hash(std::string(64, '0'));
  EXPECT_EQ(Ask(&v1::AuditService::Stub::VerifyAudit, *audit, verify, verified)
                .error_code(),
            grpc::DATA_LOSS);
}

TEST_F(ChangesTest, WhatIsOnlyValidatedChangesNothing) {
  const auto agent = Connect(host_);
  v1::DrainProcessorRequest request = DrainRequest("");
  request.set_validate_only(true);
  v1::DrainProcessorResponse response;
  ASSERT_TRUE(Drain(request, response).ok());
  EXPECT_EQ(response.receipt().revision(), 0U);
  v1::GetHostRequest get;
  get.set_name("hosts/a");
  v1::GetHostResponse got;
  ASSERT_TRUE(Ask(&v1::HostService::Stub::GetHost, *hosts_, get, got).ok());
  EXPECT_FALSE(got.host().processors(1).drained());
}

TEST_F(ChangesTest, PinsPausesAndForgettingAreShown) {
  const auto agent = Connect(host_);
  const auto buckets = v1::BucketService::NewStub(channel_);
  v1::PinBucketRequest pin;
  pin.set_name("hosts/a/buckets/7");
  pin.set_processor(2);
  v1::PinBucketResponse pinned;
  ASSERT_TRUE(
      Ask(&v1::BucketService::Stub::PinBucket, *buckets, pin, pinned).ok());
  ASSERT_EQ(pinned.host().pins_size(), 1);
  EXPECT_EQ(pinned.host().pins(0).bucket(), 7U);
  EXPECT_EQ(pinned.host().pins(0).processor(), 2U);
  pin.set_processor(70'000);
  EXPECT_EQ(Ask(&v1::BucketService::Stub::PinBucket, *buckets, pin, pinned)
                .error_code(),
            grpc::INVALID_ARGUMENT);
  v1::UnpinBucketRequest unpin;
  unpin.set_name("hosts/a/buckets/7");
  v1::UnpinBucketResponse unpinned;
  ASSERT_TRUE(
      Ask(&v1::BucketService::Stub::UnpinBucket, *buckets, unpin, unpinned)
          .ok());
  EXPECT_EQ(unpinned.host().pins_size(), 0);

  const auto balance = v1::BalanceService::NewStub(channel_);
  v1::PauseBalanceRequest pause;
  pause.set_parent("hosts/-");
  pause.set_reason("moving racks");
  v1::PauseBalanceResponse paused;
  ASSERT_TRUE(
      Ask(&v1::BalanceService::Stub::PauseBalance, *balance, pause, paused)
          .ok());
  EXPECT_GT(paused.receipt().revision(), 0U);
  const auto controller = v1::ControllerService::NewStub(channel_);
  v1::GetStatusResponse status;
  ASSERT_TRUE(
      Ask(&v1::ControllerService::Stub::GetStatus, *controller, {}, status)
          .ok());
  EXPECT_THAT(status.paused(), HasSubstr("socket:admin: moving racks"));

  v1::ForgetHostRequest forget;
  forget.set_name("hosts/a");
  v1::ForgetHostResponse forgotten;
  EXPECT_EQ(Ask(&v1::HostService::Stub::ForgetHost, *hosts_, forget, forgotten)
                .error_code(),
            grpc::FAILED_PRECONDITION);
}

TEST_F(ChangesTest, APolicyIsChangedByMaskAndEtag) {
  v1::UpdatePolicyRequest update;
  update.set_name("policies/default");
  update.mutable_policy()->set_trigger_permille(1'500);
  update.mutable_update_mask()->add_paths("trigger_permille");
  v1::UpdatePolicyResponse updated;
  const auto change = [&] {
    return Ask(&v1::PolicyService::Stub::UpdatePolicy, *policies_, update,
               updated);
  };
  ASSERT_TRUE(change().ok());
  EXPECT_EQ(updated.policy().name(), "policies/default");
  EXPECT_EQ(updated.policy().trigger_permille(), 1'500U);
  EXPECT_EQ(updated.policy().warm_up_ms(), 0U);

  v1::GetPolicyRequest get;
  get.set_name("policies/default");
  v1::GetPolicyResponse got;
  ASSERT_TRUE(
      Ask(&v1::PolicyService::Stub::GetPolicy, *policies_, get, got).ok());
  EXPECT_EQ(got.policy().etag(), updated.policy().etag());
  EXPECT_EQ(got.policy().trigger_permille(), 1'500U);

  update.mutable_policy()->set_etag("r0");
  EXPECT_EQ(change().error_code(), grpc::ABORTED);
  update.mutable_policy()->clear_etag();
  update.mutable_update_mask()->add_paths("no_such_setting");
  EXPECT_EQ(change().error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(ChangesTest, AConnectionIsTracedByItsAgent) {
  const auto agent = Connect(host_);
  const auto flows = v1::FlowService::NewStub(channel_);
  v1::TraceFlowRequest request;
  request.set_parent("hosts/a");
  request.mutable_key()->set_protocol(6);
  request.mutable_key()->set_source_address("192.0.2.1");
  request.mutable_key()->set_destination_address("198.51.100.7");
  v1::TraceFlowResponse response;
  grpc::Status status;
  std::thread caller([&] {
    status = Ask(&v1::FlowService::Stub::TraceFlow, *flows, request, response);
  });
  const v1::ConnectResponse query = agent->Hear();
  EXPECT_EQ(query.query().trace().source_address(), "192.0.2.1");
  v1::ConnectRequest answer;
  answer.mutable_answer()->set_id(query.query().id());
  answer.mutable_answer()->mutable_trace()->set_bucket(9);
  EXPECT_TRUE(agent->SayRaw(answer));
  caller.join();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.trace().bucket(), 9U);

  request.mutable_key()->set_source_port(70'000);
  EXPECT_EQ(Ask(&v1::FlowService::Stub::TraceFlow, *flows, request, response)
                .error_code(),
            grpc::INVALID_ARGUMENT);
}

// An agent that goes away takes nobody who waits for it with it.
TEST_F(ChangesTest, AnAgentThatLeavesIsNotWaitedFor) {
  const auto agent = Connect(host_);
  const auto flows = v1::FlowService::NewStub(channel_);
  v1::ListHeaviestFlowsRequest request;
  request.set_parent("hosts/a/buckets/3");
  v1::ListHeaviestFlowsResponse response;
  grpc::Status status;
  std::thread caller([&] {
    status = Ask(&v1::FlowService::Stub::ListHeaviestFlows, *flows, request,
                 response);
  });
  EXPECT_EQ(agent->Hear().query().heaviest().bucket(), 3U);
  agent->Leave();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
}

TEST_F(ChangesTest, HostsAreWatched) {
  grpc::ClientContext context;
  const auto watch = hosts_->WatchHosts(&context, {});
  v1::WatchHostsResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_TRUE(response.has_synced_revision()) << response.ShortDebugString();
  const auto agent = Connect(host_);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.host().name(), "hosts/a");
  EXPECT_FALSE(response.host().has_table());

  grpc::ClientContext bad;
  v1::WatchHostsRequest request;
  request.set_selector("=");
  const auto refused = hosts_->WatchHosts(&bad, request);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(refused->Finish().error_code(), grpc::INVALID_ARGUMENT);
  context.TryCancel();
  watch->Finish();
}

TEST_F(ChangesTest, LoadsAreWatched) {
  const auto loads = v1::LoadService::NewStub(channel_);
  v1::WatchLoadsRequest request;
  request.set_parent("hosts/a");
  v1::WatchLoadsResponse response;
  {
    grpc::ClientContext context;
    const auto nobody = loads->WatchLoads(&context, request);
    EXPECT_FALSE(nobody->Read(&response));
    EXPECT_EQ(nobody->Finish().error_code(), grpc::NOT_FOUND);
  }
  const auto agent = Connect(host_);
  grpc::ClientContext context;
  const auto watch = loads->WatchLoads(&context, request);
  watch->WaitForInitialMetadata();
  api_.Settle();
  ASSERT_TRUE(agent->SayReport(host_));
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.load().host(), "hosts/a");
  EXPECT_EQ(response.load().processors_size(), 4);
  context.TryCancel();
  watch->Finish();
}

TEST_F(ChangesTest, QuestionsThatCannotBeAreAnsweredWithTheirFault) {
  v1::ExplainPlanRequest explain;
  explain.set_name("hosts/a/plans/1");
  v1::ExplainPlanResponse explained;
  EXPECT_EQ(
      Ask(&v1::PlanService::Stub::ExplainPlan, *plans_, explain, explained)
          .error_code(),
      grpc::NOT_FOUND);
  v1::BacktestRequest backtest;
  backtest.set_parent("hosts/a");
  v1::BacktestResponse tested;
  const grpc::Status status =
      Ask(&v1::PlanService::Stub::Backtest, *plans_, backtest, tested);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("start_time"));
  v1::ProposePlanRequest propose;
  propose.set_parent("hosts/a");
  propose.set_planner(static_cast<v1::PlannerKind>(9));
  v1::ProposePlanResponse proposed;
  EXPECT_EQ(Ask(&v1::PlanService::Stub::ProposePlan, *plans_, propose, proposed)
                .error_code(),
            grpc::INVALID_ARGUMENT);
}

TEST_F(ChangesTest, ABackupAndAnAdoptionAreAnswered) {
  const auto controller = v1::ControllerService::NewStub(channel_);
  v1::BackUpRequest request;
  request.set_directory(api_.directory.path() + "/backup");
  v1::BackUpResponse backed_up;
  ASSERT_TRUE(
      Ask(&v1::ControllerService::Stub::BackUp, *controller, request, backed_up)
          .ok());
  EXPECT_GT(backed_up.backup_revision(), 0U);
  v1::AdoptResponse adopted;
  EXPECT_EQ(Ask(&v1::ControllerService::Stub::Adopt, *controller, {}, adopted)
                .error_code(),
            grpc::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace lb::controller
