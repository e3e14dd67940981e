#include <functional>
#include <limits>
#include <string>

#include "controller/rpc/convert_agent.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_view.h"
#include "controller/rpc/status_map.h"
#include "gmock/gmock.h"
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
  EXPECT_EQ(got.labels, hello.labels);
  EXPECT_EQ(got.layout, hello.layout);
  EXPECT_EQ(got.table, hello.table);
  EXPECT_EQ(got.digest, hello.digest);
  EXPECT_EQ(got.seen_term, hello.seen_term);
  EXPECT_EQ(got.seen_epoch, hello.seen_epoch);
  EXPECT_EQ(got.applying_epoch, hello.applying_epoch);
  ASSERT_TRUE(got.last_result.has_value());
  EXPECT_EQ(got.last_result->state, ApplyState::kPartial);
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

TEST(Convert, StatusesKeepCodeAndWords) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  for (int code = 1; code <= 16; ++code) {
    const grpc::Status status =
        ToGrpc(absl::Status(static_cast<absl::StatusCode>(code), "what it is"));
    EXPECT_EQ(static_cast<int>(status.error_code()), code);
    EXPECT_EQ(status.error_message(), "what it is");
  }
}

}  // namespace
}  // namespace lb::controller
