#include <functional>
#include <limits>
#include <string>

#include "common/status.h"
#include "controller/rpc/call_of.h"
#include "controller/rpc/convert_agent.h"
#include "controller/rpc/convert_audit.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_flow.h"
#include "controller/rpc/convert_load.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/status_map.h"
#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "lb/v1/balance_service.pb.h"
#include "lb/v1/bucket_service.pb.h"
#include "lb/v1/controller_service.pb.h"
#include "tests/controller/agent_wire.h"
#include "tests/controller/store_samples.h"
#include "tests/support/simulated_host.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;

SimulatedHost MakeHost() {
  return SimulatedHost("a", 2, std::vector<std::uint64_t>(64, 1'000'000));
}

PlanResult SampleResult() {
  PlanResult result;
  result.term = Term(3);
  result.epoch = Epoch(9);
  result.state = ApplyState::kPartial;
  result.expired = true;
  result.reason = "one move was late";
  result.moves = {{{BucketId(5), ProcessorId(1), ProcessorId(0)},
                   MoveOutcome::kTakenOver,
                   std::chrono::nanoseconds(77)}};
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    result.counters.dropped[i] = 100 + i;
  }
  result.counters.arrived = 1;
  result.counters.served = 2;
  result.counters.bytes = 3;
  result.counters.queued = 4;
  result.counters.lost = 5;
  result.counters.reordered = 6;
  result.counters.duplicated = 7;
  result.counters.sent = 8;
  result.counters.unsent = {201, 202, 203, 204};
  result.digest = Digest(std::numeric_limits<std::uint64_t>::max());
  return result;
}

TEST(Convert, AHelloArrivesAsItWasSent) {
  Hello hello = MakeHost().MakeHello();
  hello.features = {"drain", "x"};
  hello.seen_term = Term(3);
  hello.seen_epoch = Epoch(9);
  hello.store_id = "store";
  hello.applying_epoch = Epoch(10);
  hello.last_result = SampleResult();
  const auto message = AgentMessageFrom(RequestOf(hello));
  ASSERT_TRUE(message.ok()) << message.status();
  const Hello& got = std::get<Hello>(*message);
  EXPECT_EQ(got.host, hello.host);
  EXPECT_EQ(got.instance_id, hello.instance_id);
  EXPECT_EQ(got.features, hello.features);
  EXPECT_EQ(got.labels, hello.labels);
  EXPECT_EQ(got.layout, hello.layout);
  EXPECT_EQ(got.table, hello.table);
  EXPECT_EQ(got.digest, hello.digest);
  EXPECT_EQ(got.seen_term, hello.seen_term);
  EXPECT_EQ(got.seen_epoch, hello.seen_epoch);
  EXPECT_EQ(got.applying_epoch, hello.applying_epoch);
  ASSERT_TRUE(got.last_result.has_value());
  EXPECT_EQ(got.last_result->state, ApplyState::kPartial);
  EXPECT_TRUE(got.last_result->expired);
  EXPECT_EQ(got.last_result->reason, "one move was late");
  EXPECT_EQ(got.last_result->moves[0].move, SampleResult().moves[0].move);
  EXPECT_EQ(got.last_result->moves[0].outcome, MoveOutcome::kTakenOver);
  EXPECT_EQ(got.last_result->counters.dropped, SampleResult().counters.dropped);
  EXPECT_EQ(got.last_result->counters.duplicated, 7U);
  EXPECT_EQ(got.last_result->counters.sent, 8U);
  EXPECT_EQ(got.last_result->counters.unsent, SampleResult().counters.unsent);
  EXPECT_EQ(got.last_result->digest, SampleResult().digest);
}

TEST(Convert, AReportArrivesAsItWasSent) {
  Report report =
      MakeHost().MakeReport(std::chrono::seconds(10), std::chrono::seconds(1));
  report.load.buckets[3].lower_bound = true;
  report.load.processors[1].in_service = false;
  report.merged = 4;
  const auto message = AgentMessageFrom(RequestOf(report));
  ASSERT_TRUE(message.ok()) << message.status();
  const Report& got = std::get<Report>(*message);
  EXPECT_EQ(got.sequence, report.sequence);
  EXPECT_EQ(got.merged, 4U);
  EXPECT_EQ(got.load.start, report.load.start);
  EXPECT_EQ(got.load.end, report.load.end);
  EXPECT_EQ(got.load.table_end, report.load.table_end);
  ASSERT_EQ(got.load.processors.size(), 2U);
  EXPECT_EQ(got.load.processors[0].busy, report.load.processors[0].busy);
  EXPECT_EQ(got.load.processors[0].samples.mean,
            report.load.processors[0].samples.mean);
  EXPECT_FALSE(got.load.processors[1].in_service);
  ASSERT_EQ(got.load.buckets.size(), 64U);
  EXPECT_EQ(got.load.buckets[3].load_ns_per_s, 1'000'000U);
  EXPECT_TRUE(got.load.buckets[3].lower_bound);
  EXPECT_FALSE(got.load.buckets[4].lower_bound);
  EXPECT_EQ(got.load.dispatchers.size(), 1U);
}

struct BadMessage {
  const char* name;
  std::function<v1::ConnectRequest()> make;
  const char* words;
};

template <class Message>
v1::ConnectRequest Spoiled(const Message& message,
                           std::function<void(v1::ConnectRequest&)> spoil) {
  v1::ConnectRequest request = RequestOf(message);
  spoil(request);
  return request;
}

v1::ConnectRequest BadReport(std::function<void(v1::Report&)> spoil) {
  return Spoiled(
      MakeHost().MakeReport(std::chrono::seconds(2), std::chrono::seconds(1)),
      [&](v1::ConnectRequest& r) { spoil(*r.mutable_report()); });
}

v1::ConnectRequest BadResult(std::function<void(v1::PlanResult&)> spoil) {
  return Spoiled(SampleResult(), [&](v1::ConnectRequest& r) {
    spoil(*r.mutable_plan_result());
  });
}

class BadMessageTest : public testing::TestWithParam<BadMessage> {};

TEST_P(BadMessageTest, IsRefusedByName) {
  const auto message = AgentMessageFrom(GetParam().make());
  EXPECT_TRUE(absl::IsInvalidArgument(message.status())) << message.status();
  EXPECT_THAT(std::string(message.status().message()),
              HasSubstr(GetParam().words));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadMessageTest,
    testing::Values(
        BadMessage{"nothing", [] { return v1::ConnectRequest(); },
                   "does not know"},
        BadMessage{"hash",
                   [] {
                     return Spoiled(MakeHost().MakeHello(), [](auto& r) {
                       r.mutable_hello()->mutable_layout()->clear_hash();
                     });
                   },
                   "hash kind 0"},
        BadMessage{"owner",
                   [] {
                     return Spoiled(MakeHost().MakeHello(), [](auto& r) {
                       r.mutable_hello()->mutable_table()->set_owner(3, 70'000);
                     });
                   },
                   "processor 70000"},
        BadMessage{
            "times",
            [] { return BadReport([](auto& r) { r.set_end_ns(1ULL << 63); }); },
            "end_ns"},
        BadMessage{"arrays",
                   [] {
                     return BadReport(
                         [](auto& r) { r.mutable_buckets()->add_packets(1); });
                   },
                   "65 packet counts"},
        BadMessage{"not_a_number",
                   [] {
                     return BadReport([](auto& r) {
                       r.mutable_processors(0)->set_sample_mean(
                           std::numeric_limits<double>::quiet_NaN());
                     });
                   },
                   "not finite"},
        BadMessage{"state",
                   [] { return BadResult([](auto& r) { r.clear_state(); }); },
                   "state 0"},
        BadMessage{"outcome",
                   [] {
                     return BadResult([](auto& r) {
                       r.mutable_moves(0)->set_outcome(
                           static_cast<v1::MoveOutcome>(9));
                     });
                   },
                   "outcome 9"},
        BadMessage{"event",
                   [] {
                     v1::ConnectRequest request;
                     request.mutable_agent_event()->set_message("x");
                     return request;
                   },
                   "kind 0"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Convert, APlanIsShownWhole) {
  PlanRecord plan = SamplePlan("a");
  plan.epoch = Epoch(12);
  plan.state = PlanState::kMeasured;
  plan.result_time = At(11);
  plan.imbalance_achieved = 1.04;
  plan.moves[0].outcome = MoveOutcome::kMoved;
  plan.moves[0].pause = std::chrono::nanoseconds(5);
  plan.cost = SampleResult().counters;
  v1::Plan whole;
  FillPlan(plan, Detail::kWhole, whole);
  EXPECT_EQ(whole.name(), "hosts/a/plans/12");
  EXPECT_EQ(whole.state(), v1::PLAN_STATE_MEASURED);
  EXPECT_EQ(whole.planner(), "index/4");
  EXPECT_EQ(whole.digest(), plan.digest.value());
  EXPECT_EQ(whole.create_time().seconds(), 1'767'225'610);
  EXPECT_EQ(whole.imbalance_achieved(), 1.04);
  EXPECT_EQ(whole.indexes_size(), 2);
  EXPECT_EQ(whole.quotas(1), 54U);
  ASSERT_EQ(whole.moves_size(), 2);
  EXPECT_EQ(whole.moves(0).outcome(), v1::MOVE_OUTCOME_MOVED);
  EXPECT_EQ(whole.moves(0).pause_ns(), 5U);
  EXPECT_EQ(whole.moves(1).outcome(), v1::MOVE_OUTCOME_UNSPECIFIED);
  EXPECT_EQ(whole.cost().dropped().source(), 106U);
  v1::Plan listed;
  FillPlan(plan, Detail::kListed, listed);
  EXPECT_EQ(listed.moves_size(), 0);
  EXPECT_EQ(listed.move_count(), 2U);
}

// The one ErrorInfo in a status's details.
google::rpc::ErrorInfo InfoIn(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), status.error_code());
  EXPECT_EQ(details.message(), status.error_message());
  EXPECT_EQ(details.details_size(), 1);
  EXPECT_TRUE(details.details(0).UnpackTo(&info));
  return info;
}

TEST(Convert, StatusesKeepCodeAndWordsAndSayTheirReason) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpc(absl::OkStatus()).error_details(), "");
  for (int code = 1; code <= 16; ++code) {
    const absl::Status error(static_cast<absl::StatusCode>(code), "what it is");
    const grpc::Status status = ToGrpc(error);
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_EQ(status.error_message(), "what it is");
    EXPECT_EQ(InfoIn(status).domain(), "lb");
    EXPECT_EQ(InfoIn(status).reason(),
              absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
  }
  const absl::Status stale =
      WithReason(absl::AbortedError("it is r8 by now"), "ETAG_MISMATCH");
  EXPECT_EQ(InfoIn(ToGrpc(stale)).reason(), "ETAG_MISMATCH");
}

FlowKey SampleKey(const char* source, const char* destination) {
  FlowKey key;
  key.protocol = 6;
  key.source = ParseAddress(source)->address;
  key.destination = ParseAddress(destination)->address;
  key.version = ParseAddress(source)->version;
  key.source_port = 4'000;
  key.destination_port = 65'535;
  return key;
}

FlowInfo SampleFlow(const FlowKey& key) {
  return {.key = key,
          .packets = 1,
          .bytes = 2,
          .service = std::chrono::nanoseconds(3),
          .queued_packets = 4,
          .idle = std::chrono::nanoseconds(5)};
}

void ExpectSame(const FlowInfo& got, const FlowInfo& sent) {
  EXPECT_EQ(got.key, sent.key);
  EXPECT_EQ(got.packets, sent.packets);
  EXPECT_EQ(got.bytes, sent.bytes);
  EXPECT_EQ(got.service, sent.service);
  EXPECT_EQ(got.queued_packets, sent.queued_packets);
  EXPECT_EQ(got.idle, sent.idle);
}

TEST(Convert, FlowsComeBackAsTheyWere) {
  for (const FlowKey& key :
       {SampleKey("192.0.2.1", "198.51.100.7"),
        SampleKey("2001:db8::1", "2001:db8::2"), FlowKey()}) {
    FlowTrace trace;
    trace.hash = 0xfedcba98;
    trace.bucket = BucketId(65'535);
    trace.processor = ProcessorId(1'023);
    trace.flow = SampleFlow(key);
    v1::FlowTrace message;
    FillFlowTrace(trace, message);
    const auto got = FlowTraceFrom(message);
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->hash, trace.hash);
    EXPECT_EQ(got->bucket, trace.bucket);
    EXPECT_EQ(got->processor, trace.processor);
    ASSERT_TRUE(got->flow.has_value());
    ExpectSame(*got->flow, *trace.flow);
  }
}

TEST(Convert, AFlowThatCannotBeIsRefusedByName) {
  struct Case {
    std::function<void(v1::Flow&)> spoil;
    const char* words;
  };
  for (const Case& bad :
       {Case{[](auto& f) { f.mutable_key()->set_protocol(256); },
             "key.protocol is 256"},
        Case{[](auto& f) { f.mutable_key()->set_source_port(65'536); },
             "key.source_port is 65536"},
        Case{[](auto& f) { f.mutable_key()->set_destination_port(70'000); },
             "key.destination_port is 70000"},
        Case{[](auto& f) { f.mutable_key()->set_source_address("here"); },
             "key.source_address"},
        Case{[](auto& f) { f.mutable_key()->set_destination_address("::1"); },
             "both be IPv4"},
        Case{[](auto& f) { f.mutable_key()->clear_source_address(); },
             "key.source_address"},
        Case{[](auto& f) { f.set_service_ns(1ULL << 63); }, "service_ns"},
        Case{[](auto& f) { f.set_idle_ns(1ULL << 63); }, "idle_ns"}}) {
    v1::Flow message;
    FillFlow(SampleFlow(SampleKey("192.0.2.1", "198.51.100.7")), message);
    bad.spoil(message);
    const auto flow = FlowFrom(message);
    EXPECT_TRUE(absl::IsInvalidArgument(flow.status())) << bad.words;
    EXPECT_THAT(std::string(flow.status().message()), HasSubstr(bad.words));
  }
  v1::FlowTrace trace;
  trace.set_bucket(65'536);
  EXPECT_THAT(std::string(FlowTraceFrom(trace).status().message()),
              HasSubstr("trace.bucket is 65536"));
}

TEST(Convert, AnAnswerArrivesAsItWasSent) {
  v1::ConnectRequest request;
  request.mutable_answer()->set_id(7);
  const FlowInfo flow = SampleFlow(SampleKey("192.0.2.1", "198.51.100.7"));
  FillFlow(flow, *request.mutable_answer()->add_heaviest());
  request.mutable_answer()->set_error("half of it");
  const auto message = AgentMessageFrom(request);
  ASSERT_TRUE(message.ok()) << message.status();
  const Answer& answer = std::get<Answer>(*message);
  EXPECT_EQ(answer.id, 7U);
  EXPECT_EQ(answer.error, "half of it");
  EXPECT_FALSE(answer.trace.has_value());
  ASSERT_EQ(answer.heaviest.size(), 1U);
  ExpectSame(answer.heaviest[0], flow);
}

TEST(Convert, DrainsAndQueriesAreSaid) {
  const auto drain = ResponseOf(Drain{{ProcessorId(1), ProcessorId(3)}});
  ASSERT_EQ(drain.drain().processors_size(), 2);
  EXPECT_EQ(drain.drain().processors(1), 3U);
  const auto heaviest =
      ResponseOf(Query{.id = 5, .what = HeaviestFlows{BucketId(9), 10}});
  EXPECT_EQ(heaviest.query().id(), 5U);
  EXPECT_EQ(heaviest.query().heaviest().bucket(), 9U);
  EXPECT_EQ(heaviest.query().heaviest().count(), 10U);
  const FlowKey key = SampleKey("192.0.2.1", "198.51.100.7");
  const auto trace = ResponseOf(Query{.id = 6, .what = key});
  EXPECT_EQ(FlowKeyFrom(trace.query().trace()).value(), key);
}

TEST(Convert, TimesComeBackAndOthersAreRefused) {
  const WallTime time = At(11) + std::chrono::nanoseconds(123'456'789);
  EXPECT_EQ(TimeFrom(TimestampOf(time), "start_time").value(), time);
  struct Case {
    std::int64_t seconds;
    std::int32_t nanos;
  };
  for (const Case& bad : {Case{-1, 0}, Case{0, -1}, Case{0, 1'000'000'000},
                          Case{253'402'300'799, 0}}) {
    google::protobuf::Timestamp timestamp;
    timestamp.set_seconds(bad.seconds);
    timestamp.set_nanos(bad.nanos);
    const auto got = TimeFrom(timestamp, "start_time");
    EXPECT_TRUE(absl::IsInvalidArgument(got.status()));
    EXPECT_THAT(std::string(got.status().message()), HasSubstr("start_time"));
  }
}

TEST(Convert, AnOutsideHeadIsWholeOrAbsent) {
  v1::VerifyAuditRequest request;
  EXPECT_FALSE(OutsideHeadFrom(request).value().has_value());
  request.set_sequence(3);
  EXPECT_TRUE(absl::IsInvalidArgument(OutsideHeadFrom(request).status()));
  request.set_hash("xyz");
  EXPECT_TRUE(absl::IsInvalidArgument(OutsideHeadFrom(request).status()));
  request.set_hash(ToHex(HashOf("x")));
  const auto head = OutsideHeadFrom(request);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(**head, (AuditHead{3, HashOf("x")}));
  request.clear_sequence();
  EXPECT_TRUE(absl::IsInvalidArgument(OutsideHeadFrom(request).status()));
}

TEST(Convert, AnAuditRecordIsShownWhole) {
  AuditRecord record;
  record.sequence = 4;
  record.time = At(11);
  record.caller = "user/alice";
  record.role = Role::kAdmin;
  record.method = "lb.v1.PolicyService/UpdatePolicy";
  record.resource = "policies/default";
  record.outcome = "ABORTED";
  record.error = "stale";
  record.reason = "why";
  record.request_id = "r";
  record.before = "{}";
  record.after = "[]";
  record.revision = 9;
  record.hash = HashOf("x");
  v1::AuditRecord message;
  FillAuditRecord(record, message);
  EXPECT_EQ(message.sequence(), 4U);
  EXPECT_EQ(message.time().seconds(), TimestampOf(At(11)).seconds());
  EXPECT_EQ(message.caller(), "user/alice");
  EXPECT_EQ(message.role(), v1::ROLE_ADMIN);
  EXPECT_EQ(message.method(), record.method);
  EXPECT_EQ(message.resource(), record.resource);
  EXPECT_EQ(message.outcome(), "ABORTED");
  EXPECT_EQ(message.error(), "stale");
  EXPECT_EQ(message.reason(), "why");
  EXPECT_EQ(message.request_id(), "r");
  EXPECT_EQ(message.before(), "{}");
  EXPECT_EQ(message.after(), "[]");
  EXPECT_EQ(message.revision(), 9U);
  EXPECT_EQ(message.hash(), ToHex(HashOf("x")));
}

TEST(Convert, AHostListsItsBucketsWithLoadOrConnections) {
  HostView view;
  view.bucket_loads = {0, 5, 0};
  view.bucket_connections = {0, 0, 2};
  v1::Host message;
  FillHost(view, Detail::kWhole, message);
  const v1::BucketLoads& buckets = message.buckets();
  EXPECT_THAT(buckets.bucket(), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(buckets.load_ns_per_s(), ::testing::ElementsAre(5, 0));
  EXPECT_THAT(buckets.connections(), ::testing::ElementsAre(0, 2));
}

TEST(Convert, AHostSaysWhetherItIsPausedAloneOrWithAll) {
  HostView view;
  v1::Host message;
  FillHost(view, Detail::kListed, message);
  EXPECT_EQ(message.mode(), v1::MODE_AUTO);
  EXPECT_EQ(message.paused(), "");
  view.mode = balance::Mode::kOff;
  view.pause = Pause{.reason = "racks move", .author = "bob", .since = At(0)};
  FillHost(view, Detail::kListed, message);
  EXPECT_EQ(message.mode(), v1::MODE_OFF);
  const std::string alone = message.paused();
  EXPECT_THAT(alone,
              ::testing::MatchesRegex("paused since [^ ]+ by bob: racks move"));
  view.fleet_paused = true;
  FillHost(view, Detail::kListed, message);
  EXPECT_EQ(message.paused(), "the whole fleet is " + alone);
}

TEST(Convert, AMinuteIsALoadWithMeansAndHighests) {
  LoadRollUp sum{.host = "a", .time = At(60)};
  sum.interval = std::chrono::seconds(40);
  sum.reports = 20;
  sum.processors = {{std::chrono::seconds(9), std::chrono::seconds(30), 7, 875},
                    {std::chrono::seconds(1), std::chrono::seconds(0), 2, 0}};
  v1::Load message;
  FillLoad(sum, message);
  EXPECT_EQ(message.host(), "hosts/a");
  EXPECT_EQ(message.time().seconds(), TimestampOf(At(60)).seconds());
  EXPECT_EQ(message.interval_ns(), 40'000'000'000U);
  EXPECT_EQ(message.reports(), 20U);
  ASSERT_EQ(message.processors_size(), 2);
  EXPECT_EQ(message.processors(0).busy_ns(), 9'000'000'000U);
  EXPECT_EQ(message.processors(0).capacity_permille(), 750U);
  EXPECT_EQ(message.processors(0).packets(), 7U);
  EXPECT_TRUE(message.processors(0).in_service());
  EXPECT_FALSE(message.processors(1).in_service());
  EXPECT_EQ(message.max_utilization_permille(0), 875U);
  EXPECT_EQ(message.max_utilization_permille(1), 0U);
  sum.interval = {};
  message.Clear();
  FillLoad(sum, message);
  EXPECT_EQ(message.processors(0).capacity_permille(), 0U);
}

TEST(Convert, ResolutionsAreChecked) {
  EXPECT_EQ(*RollUpPeriodFrom(v1::RESOLUTION_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(*RollUpPeriodFrom(v1::RESOLUTION_REPORT), std::nullopt);
  EXPECT_EQ(*RollUpPeriodFrom(v1::RESOLUTION_MINUTE), RollUpPeriod::kMinute);
  EXPECT_EQ(*RollUpPeriodFrom(v1::RESOLUTION_HOUR), RollUpPeriod::kHour);
  EXPECT_TRUE(absl::IsInvalidArgument(
      RollUpPeriodFrom(static_cast<v1::Resolution>(9)).status()));
}

TEST(CallOf, SaysWhatTheRequestSays) {
  v1::PinBucketRequest request;
  request.set_name("hosts/a/buckets/3");
  request.set_processor(1);
  request.set_reason("why");
  request.set_request_id("id-1");
  request.set_validate_only(true);
  const Call call = CallOf({"user/alice", Role::kAdmin}, request);
  EXPECT_EQ(call.caller.name, "user/alice");
  EXPECT_EQ(call.method, "lb.v1.BucketService/PinBucket");
  EXPECT_EQ(call.resource, "hosts/a/buckets/3");
  EXPECT_EQ(call.reason, "why");
  EXPECT_EQ(call.request_id, "id-1");
  EXPECT_TRUE(call.validate_only);
  EXPECT_EQ(call.request_hash.size(), 32U);
  EXPECT_EQ(CallOf({}, request).request_hash, call.request_hash);
  request.set_processor(2);
  EXPECT_NE(CallOf({}, request).request_hash, call.request_hash);
  v1::PauseBalanceRequest pause;
  pause.set_parent("hosts/-");
  EXPECT_EQ(CallOf({}, pause).resource, "hosts/-");
  EXPECT_EQ(CallOf({}, v1::AdoptRequest()).resource, "controller");
}

}  // namespace
}  // namespace lb::controller
