#include "agent/grpc_link.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/convert.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/scripted_controller.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// How long a test waits for what must come; never waited out by one that
// passes.
constexpr seconds kLimit{20};

class GrpcLinkTest : public ::testing::Test {
 protected:
  GrpcLinkTest() { Listen(); }

  void Listen() {
    controller_ = std::make_unique<ScriptedController>(address_);
  }

  std::optional<Incoming> Next() {
    return inbox_.Pop(SystemClock().Monotonic() + kLimit);
  }

  static Hello MakeHello() {
    Hello hello;
    hello.host = "host-a";
    hello.layout = {64, HashKind::kSipHash, "k", {{0, 1000}, {1, 500}}};
    hello.table = DealRoundRobin(hello.layout);
    return hello;
  }

  // A session that has been welcomed.
  std::uint64_t Connect(GrpcLink& link) {
    const std::uint64_t session = link.Open(MakeHello());
    EXPECT_TRUE(controller_->Receive(kLimit)->has_hello());
    EXPECT_TRUE(controller_->SendWelcome("store-1", 3));
    const auto welcome = Next();
    EXPECT_TRUE(std::holds_alternative<Welcome>(welcome->message));
    return session;
  }

  const TempDir dir_;
  const std::string address_ = "unix:" + dir_.File("agent.sock");
  Inbox inbox_;
  std::unique_ptr<ScriptedController> controller_;
};

TEST_F(GrpcLinkTest, HelloGoesOutAndWelcomeComesIn) {
  GrpcLink link(address_, inbox_, SystemClock());
  const std::uint64_t session = link.Open(MakeHello());
  const auto hello = controller_->Receive(kLimit);
  ASSERT_TRUE(hello && hello->has_hello());
  EXPECT_EQ(hello->hello().host(), "host-a");
  EXPECT_EQ(hello->hello().layout().processors(1).capacity_permille(), 500u);
  EXPECT_EQ(hello->hello().table().owner_size(), 64);
  EXPECT_EQ(hello->hello().table().digest(),
            ComputeDigest(MakeHello().table).value());
  EXPECT_EQ(hello->hello().protocol_revision(), kProtocolRevision);
  ASSERT_TRUE(controller_->SendWelcome("store-1", 3));
  const auto incoming = Next();
  ASSERT_TRUE(incoming.has_value());
  EXPECT_EQ(incoming->session, session);
  const auto* welcome = std::get_if<Welcome>(&incoming->message);
  ASSERT_NE(welcome, nullptr);
  EXPECT_EQ(welcome->store_id, "store-1");
  EXPECT_EQ(welcome->term, Term(3));
  EXPECT_EQ(welcome->policy.report_interval, milliseconds(100));
}

TEST_F(GrpcLinkTest, WhatAPolicyDoesNotSayIsLeftToTheAgent) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  v1::ConnectResponse response;
  response.mutable_policy()->set_revision(7);
  ASSERT_TRUE(controller_->Send(response));  // as an old controller does
  response.mutable_policy()->set_fair_queue_quantum_us(20);
  response.mutable_policy()->set_fair_queue_limit_packets(3'000);
  ASSERT_TRUE(controller_->Send(response));
  for (const FairQueueLimits& expected :
       {FairQueueLimits(), FairQueueLimits{microseconds(20), 3'000}}) {
    const auto incoming = Next();
    ASSERT_TRUE(incoming.has_value());
    const auto* policy = std::get_if<AgentPolicy>(&incoming->message);
    ASSERT_NE(policy, nullptr);
    EXPECT_EQ(policy->revision, 7u);
    EXPECT_EQ(policy->fair_queue, expected);
  }
}

TEST_F(GrpcLinkTest, CarriesReportsResultsAndEvents) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  Report report;
  report.sequence = 5;
  report.merged = 2;
  report.sample.processors.resize(2);
  report.sample.processors[1].busy = milliseconds(7);
  report.sample.buckets = {{BucketId(3), 40, 5, 6, true}};
  report.sample.counters.drop(DropReason::kPool) = 11;
  report.sample.counters.not_sent(UnsentReason::kSink) = 12;
  ASSERT_TRUE(link.TrySend(report));
  PlanResult result;
  result.epoch = Epoch(8);
  result.state = ApplyState::kPartial;
  result.expired = true;
  result.applied.moves = {{{BucketId(1), ProcessorId(0), ProcessorId(1)},
                           MoveOutcome::kNotMoved,
                           milliseconds(2)}};
  link.Send(result);
  link.Send(AgentEvent{AgentEventKind::kNewKey, "new key",
                       WallTime(milliseconds(1'500))});
  link.Send(TableChanged{MakeHello().table, "takeover"});

  const auto first = controller_->Receive(kLimit);
  ASSERT_TRUE(first && first->has_report());
  EXPECT_EQ(first->report().sequence(), 5u);
  EXPECT_EQ(first->report().merged(), 2u);
  EXPECT_EQ(first->report().processors(1).busy_ns(), 7'000'000u);
  EXPECT_EQ(first->report().buckets().load_ns_per_s(0), 40u);
  EXPECT_EQ(first->report().buckets().lower_bound(0), 3u);
  EXPECT_EQ(first->report().counters().dropped().pool(), 11u);
  EXPECT_EQ(first->report().counters().unsent().sink(), 12u);
  const auto second = controller_->Receive(kLimit);
  ASSERT_TRUE(second && second->has_plan_result());
  EXPECT_EQ(second->plan_result().state(), v1::APPLY_STATE_PARTIAL);
  EXPECT_TRUE(second->plan_result().expired());
  EXPECT_EQ(second->plan_result().moves(0).outcome(),
            v1::MOVE_OUTCOME_NOT_MOVED);
  const auto third = controller_->Receive(kLimit);
  ASSERT_TRUE(third && third->has_agent_event());
  EXPECT_EQ(third->agent_event().time().seconds(), 1);
  EXPECT_EQ(third->agent_event().time().nanos(), 500'000'000);
  const auto fourth = controller_->Receive(kLimit);
  ASSERT_TRUE(fourth && fourth->has_table_changed());
  EXPECT_EQ(fourth->table_changed().reason(), "takeover");
}

TEST_F(GrpcLinkTest, ReadsPlansAlsoThoseThatCannotBe) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  v1::ConnectResponse response;
  v1::PlanCommand* plan = response.mutable_plan();
  plan->set_host("host-a");
  plan->set_store_id("store-1");
  plan->set_term(3);
  plan->set_epoch(4);
  plan->set_base(77);
  plan->set_deadline_ms(900);
  plan->mutable_table()->set_hash(v1::HASH_KIND_SIPHASH);
  plan->mutable_table()->set_key_id("k");
  plan->mutable_table()->set_digest(99);
  for (std::uint32_t owner : {0u, 1u, 1u}) {
    plan->mutable_table()->add_owner(owner);
  }
  controller_->Send(response);
  auto incoming = Next();
  const auto* good = std::get_if<PlanCommand>(&incoming->message);
  ASSERT_NE(good, nullptr);
  EXPECT_TRUE(good->readable.ok());
  EXPECT_EQ(good->plan.epoch, Epoch(4));
  EXPECT_EQ(good->plan.base, Digest(77));
  EXPECT_EQ(good->digest, Digest(99));
  EXPECT_EQ(good->deadline, milliseconds(900));
  EXPECT_EQ(good->plan.table.owner[2], ProcessorId(1));

  plan->mutable_table()->set_owner(1, 70'000);
  controller_->Send(response);
  incoming = Next();
  const auto* bad = std::get_if<PlanCommand>(&incoming->message);
  ASSERT_NE(bad, nullptr);
  EXPECT_EQ(bad->plan.epoch, Epoch(4));
  EXPECT_THAT(std::string(bad->readable.message()),
              HasSubstr("bucket 1 to processor 70000"));

  plan->mutable_table()->set_hash(static_cast<v1::HashKind>(9));
  controller_->Send(response);
  incoming = Next();
  EXPECT_THAT(
      std::string(std::get<PlanCommand>(incoming->message).readable.message()),
      HasSubstr("unknown hash 9"));
}

TEST_F(GrpcLinkTest, SaysWhatThisAgentCanDo) {
  GrpcLink link(address_, inbox_, SystemClock());
  link.Open(MakeHello());
  const auto hello = controller_->Receive(kLimit);
  ASSERT_TRUE(hello && hello->has_hello());
  EXPECT_THAT(hello->hello().features(), ElementsAre("drain", "query"));
}

TEST_F(GrpcLinkTest, ReadsDrainsAndQueries) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  v1::ConnectResponse response;
  response.mutable_drain()->add_processors(1);
  response.mutable_drain()->add_processors(70'000);
  controller_->Send(response);
  auto incoming = Next();
  ASSERT_TRUE(std::holds_alternative<Drain>(incoming->message));
  EXPECT_THAT(std::get<Drain>(incoming->message).processors,
              ElementsAre(1u, 70'000u));

  v1::Query* query = response.mutable_query();
  query->set_id(5);
  query->mutable_heaviest()->set_bucket(9);
  query->mutable_heaviest()->set_count(3);
  controller_->Send(response);
  incoming = Next();
  const Query heaviest = std::get<Query>(incoming->message);
  EXPECT_EQ(heaviest.id, 5u);
  ASSERT_TRUE(heaviest.what.ok());
  EXPECT_EQ(std::get<HeaviestFlows>(*heaviest.what).bucket, BucketId(9));
  EXPECT_EQ(std::get<HeaviestFlows>(*heaviest.what).count, 3u);

  v1::FlowKey* key = query->mutable_trace();
  key->set_protocol(6);
  key->set_source_address("2001:db8::1");
  key->set_source_port(4'000);
  key->set_destination_address("2001:db8::2");
  key->set_destination_port(80);
  controller_->Send(response);
  incoming = Next();
  const Query trace = std::get<Query>(incoming->message);
  ASSERT_TRUE(trace.what.ok()) << trace.what.status();
  EXPECT_EQ(FormatFlowKey(std::get<FlowKey>(*trace.what)),
            "tcp [2001:db8::1]:4000 > [2001:db8::2]:80");
}

TEST_F(GrpcLinkTest, ReadsQueriesAlsoThoseThatCannotBe) {
  v1::FlowKey good;
  good.set_protocol(17);
  good.set_source_address("192.0.2.1");
  good.set_destination_address("192.0.2.2");
  struct Case {
    std::function<void(v1::FlowKey&)> spoil;
    std::string reason;
  };
  const std::vector<Case> cases = {
      {[](v1::FlowKey& k) { k.set_protocol(256); }, "protocol 256"},
      {[](v1::FlowKey& k) { k.set_source_port(65'536); }, "65536"},
      {[](v1::FlowKey& k) { k.set_destination_port(65'536); }, "65536"},
      {[](v1::FlowKey& k) { k.set_source_address("here"); }, "here"},
      {[](v1::FlowKey& k) { k.set_destination_address(""); }, "\"\""},
      {[](v1::FlowKey& k) { k.set_destination_address("::1"); },
       "between 192.0.2.1 and ::1"},
  };
  for (const Case& c : cases) {
    v1::ConnectResponse response;
    *response.mutable_query()->mutable_trace() = good;
    c.spoil(*response.mutable_query()->mutable_trace());
    const auto message = FromProto(response);
    ASSERT_TRUE(message && std::holds_alternative<Query>(*message));
    const absl::Status status = std::get<Query>(*message).what.status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.reason));
  }
  v1::ConnectResponse unknown;
  unknown.mutable_query()->set_id(3);
  const auto message = FromProto(unknown);
  ASSERT_TRUE(message && std::holds_alternative<Query>(*message));
  EXPECT_EQ(std::get<Query>(*message).id, 3u);
  EXPECT_FALSE(std::get<Query>(*message).what.ok());
}

TEST_F(GrpcLinkTest, CarriesAnswers) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  FlowInfo flow;
  flow.key.version = IpVersion::kIpv4;
  flow.key.protocol = 17;
  flow.key.source = {192, 0, 2, 1};
  flow.key.destination = {192, 0, 2, 2};
  flow.key.source_port = 9;
  flow.packets = 10;
  flow.bytes = 600;
  flow.service = milliseconds(3);
  flow.queued_packets = 2;
  flow.idle = milliseconds(4);
  Answer answer;
  answer.id = 5;
  answer.trace = FlowTrace{0xabcd, BucketId(13), ProcessorId(1), flow};
  answer.heaviest = {flow, FlowInfo()};
  link.Send(answer);
  const auto sent = controller_->Receive(kLimit);
  ASSERT_TRUE(sent && sent->has_answer());
  EXPECT_EQ(sent->answer().id(), 5u);
  EXPECT_EQ(sent->answer().error(), "");
  EXPECT_EQ(sent->answer().trace().hash(), 0xabcdu);
  EXPECT_EQ(sent->answer().trace().bucket(), 13u);
  EXPECT_EQ(sent->answer().trace().processor(), 1u);
  EXPECT_EQ(sent->answer().trace().flow().key().source_address(), "192.0.2.1");
  EXPECT_EQ(sent->answer().trace().flow().bytes(), 600u);
  ASSERT_EQ(sent->answer().heaviest_size(), 2);
  EXPECT_EQ(sent->answer().heaviest(0).service_ns(), 3'000'000u);
  EXPECT_EQ(sent->answer().heaviest(0).idle_ns(), 4'000'000u);
  EXPECT_EQ(sent->answer().heaviest(0).queued_packets(), 2u);
  // Packets that are not IP have a key without addresses.
  EXPECT_EQ(sent->answer().heaviest(1).key().source_address(), "");

  link.Send(Answer{6, "no such bucket", std::nullopt, {}});
  const auto refused = controller_->Receive(kLimit);
  ASSERT_TRUE(refused && refused->has_answer());
  EXPECT_EQ(refused->answer().error(), "no such bucket");
  EXPECT_FALSE(refused->answer().has_trace());
}

// As a newer controller may send.
TEST_F(GrpcLinkTest, SkipsMessagesItDoesNotKnow) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  v1::ConnectResponse unknown;
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddLengthDelimited(
      90, "of a later revision");
  controller_->Send(unknown);
  v1::ConnectResponse known;
  known.mutable_policy()->set_revision(8);
  known.GetReflection()->MutableUnknownFields(&known)->AddVarint(91, 1);
  controller_->Send(known);
  const auto incoming = Next();
  ASSERT_TRUE(incoming.has_value());
  ASSERT_TRUE(std::holds_alternative<AgentPolicy>(incoming->message));
  EXPECT_EQ(std::get<AgentPolicy>(incoming->message).revision, 8u);
}

// A peer that stops reading makes the link refuse, not queue.
TEST_F(GrpcLinkTest, HoldsOneReportBack) {
  controller_->StopReading();
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  Report report;
  report.sample.buckets.resize(65'536);
  int taken = 0;
  while (taken < 100 && link.TrySend(report)) ++taken;
  EXPECT_GE(taken, 1);
  EXPECT_LT(taken, 100);
  EXPECT_FALSE(link.TrySend(report));
  link.Close();
  EXPECT_TRUE(controller_->WaitForEnd(kLimit));
}

TEST_F(GrpcLinkTest, TellsOnceWhyTheStreamEnded) {
  GrpcLink link(address_, inbox_, SystemClock());
  const std::uint64_t session = Connect(link);
  controller_->End(
      {grpc::StatusCode::ALREADY_EXISTS, "host-a is here already"});
  const auto incoming = Next();
  ASSERT_TRUE(incoming.has_value());
  EXPECT_EQ(incoming->session, session);
  const auto* down = std::get_if<LinkDown>(&incoming->message);
  ASSERT_NE(down, nullptr);
  EXPECT_EQ(down->why.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(down->why.message()),
              HasSubstr("host-a is here already"));
  EXPECT_FALSE(link.TrySend(Report()));
  link.Close();
  EXPECT_FALSE(inbox_.Pop(SystemClock().Monotonic()).has_value());
}

TEST_F(GrpcLinkTest, NobodyThereIsALinkDownThatNamesTheTarget) {
  controller_.reset();
  GrpcLink link(address_, inbox_, SystemClock());
  link.Open(MakeHello());
  const auto incoming = Next();
  ASSERT_TRUE(incoming.has_value());
  const auto& down = std::get<LinkDown>(incoming->message);
  EXPECT_EQ(down.why.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(down.why.message()),
              MatchesRegex("cannot reach it at " + address_ +
                           " \\([^\n]+\\); see that lb-controller runs "
                           "there, and --controller"));
}

TEST_F(GrpcLinkTest, ComesBackToAControllerThatComesBack) {
  GrpcLink link(address_, inbox_, SystemClock());
  const std::uint64_t first = Connect(link);
  controller_.reset();
  EXPECT_TRUE(std::holds_alternative<LinkDown>(Next()->message));
  link.Close();
  Listen();
  EXPECT_GT(Connect(link), first);
}

TEST_F(GrpcLinkTest, CloseIsSilentHereAndSeenThere) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  link.Close();
  EXPECT_TRUE(controller_->WaitForEnd(kLimit));
  EXPECT_FALSE(inbox_.Pop(SystemClock().Monotonic()).has_value());
}

TEST_F(GrpcLinkTest, AFloodIsCutOff) {
  GrpcLink link(address_, inbox_, SystemClock());
  Connect(link);
  v1::ConnectResponse ack;
  ack.mutable_plan_result_ack();
  for (int i = 0; i < 1'000; ++i) controller_->Send(ack);
  EXPECT_TRUE(controller_->WaitForEnd(kLimit));
  int acks = 0;
  for (auto m = Next(); m; m = Next()) {
    if (const auto* down = std::get_if<LinkDown>(&m->message)) {
      EXPECT_EQ(down->why.code(), absl::StatusCode::kResourceExhausted);
      break;
    }
    ++acks;
  }
  EXPECT_LE(acks, 64);
}

}  // namespace
}  // namespace lb::agent
