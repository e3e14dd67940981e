#include "controller/core/agent_queries.h"

#include <optional>

#include "common/status.h"
#include "gmock/gmock.h"
#include "tests/support/fake_agent_link.h"
#include "tests/support/fake_clock.h"

namespace lb::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

FlowKey SomeKey() {
  FlowKey key;
  key.version = IpVersion::kIpv4;
  key.source_port = 80;
  return key;
}

class AgentQueriesTest : public testing::Test {
 protected:
  void Trace(const std::string& parent = "hosts/a") {
    queries_.TraceFlow(
        parent, SomeKey(),
        [this](absl::StatusOr<FlowTrace> got) { trace_ = std::move(got); });
  }
  void Heaviest(const std::string& parent, std::int32_t page_size) {
    queries_.ListHeaviestFlows(
        parent, page_size, [this](absl::StatusOr<std::vector<FlowInfo>> got) {
          flows_ = std::move(got);
        });
  }
  void Pass(std::chrono::milliseconds time) {
    clock_.Advance(time);
    loop_.RunReady();
  }
  void Answer(std::uint64_t id, const std::string& host = "a") {
    controller::Answer answer;
    answer.id = id;
    answer.trace.emplace().bucket = BucketId(9);
    answer.heaviest.resize(12);
    queries_.OnAnswer(host, answer);
  }
  absl::StatusCode TraceCode() const { return trace_->status().code(); }

  FakeClock clock_;
  EventLoop loop_{clock_};
  FakeAgentLink link_;
  AgentReach reach_{
      .session = 7, .link = &link_, .answers = true, .buckets = 64};
  AgentQueries queries_{
      loop_, clock_,
      [this](const std::string& host) -> absl::StatusOr<AgentReach> {
        if (host != "a") return absl::NotFoundError("no");
        return reach_;
      }};
  std::optional<absl::StatusOr<FlowTrace>> trace_;
  std::optional<absl::StatusOr<std::vector<FlowInfo>>> flows_;
};

TEST_F(AgentQueriesTest, AsksAndBringsTheAnswer) {
  Trace();
  ASSERT_THAT(link_.queries, SizeIs(1));
  EXPECT_EQ(std::get<FlowKey>(link_.queries[0].what), SomeKey());
  EXPECT_FALSE(trace_.has_value());
  Answer(link_.queries[0].id);
  EXPECT_EQ(trace_->value().bucket, BucketId(9));
}

TEST_F(AgentQueriesTest, AsksForAsManyFlowsAsWanted) {
  Heaviest("hosts/a/buckets/63", 0);
  ASSERT_THAT(link_.queries, SizeIs(1));
  const auto& what = std::get<HeaviestFlows>(link_.queries[0].what);
  EXPECT_EQ(what.bucket, BucketId(63));
  EXPECT_EQ(what.count, 10U);
  Answer(link_.queries[0].id);
  // An agent that says more than it was asked for does no harm.
  EXPECT_THAT(flows_->value(), SizeIs(10));
}

TEST_F(AgentQueriesTest, AnswersFindTheirQuestions) {
  std::vector<int> order;
  for (int i = 0; i < 2; ++i) {
    queries_.TraceFlow(
        "hosts/a", SomeKey(),
        [&order, i](const absl::StatusOr<FlowTrace>&) { order.push_back(i); });
  }
  ASSERT_LT(link_.queries[0].id, link_.queries[1].id);
  Answer(link_.queries[1].id);
  Answer(link_.queries[0].id);
  EXPECT_THAT(order, testing::ElementsAre(1, 0));
  // Twice, and what nobody asked.
  Answer(link_.queries[0].id);
  Answer(12'345);
  EXPECT_THAT(order, SizeIs(2));
}

TEST_F(AgentQueriesTest, AnotherHostsAnswerIsNotBelieved) {
  Trace();
  Answer(link_.queries[0].id, "b");
  EXPECT_FALSE(trace_.has_value());
}

TEST_F(AgentQueriesTest, ASilentAgentIsGivenUpOn) {
  Trace();
  for (int i = 0; i < 9; ++i) Pass(AgentQueries::kLook);
  EXPECT_FALSE(trace_.has_value());
  Pass(AgentQueries::kLook);
  EXPECT_EQ(TraceCode(), absl::StatusCode::kDeadlineExceeded);
  trace_.reset();
  Answer(link_.queries[0].id);
  EXPECT_FALSE(trace_.has_value());
}

TEST_F(AgentQueriesTest, TheEndOfTheSessionIsTheEndOfItsQuestions) {
  Trace();
  Pass(AgentQueries::kLook);
  EXPECT_FALSE(trace_.has_value());
  // It comes back at once, and does not know what the old one was asked.
  reach_.session = 8;
  Pass(AgentQueries::kLook);
  EXPECT_EQ(TraceCode(), absl::StatusCode::kUnavailable);
}

TEST_F(AgentQueriesTest, WhatCannotBeAsked) {
  Trace("hosts/b");
  EXPECT_EQ(TraceCode(), absl::StatusCode::kNotFound);
  Trace("a");
  EXPECT_EQ(TraceCode(), absl::StatusCode::kInvalidArgument);
  queries_.TraceFlow(
      "hosts/a", FlowKey(),
      [this](absl::StatusOr<FlowTrace> got) { trace_ = std::move(got); });
  EXPECT_EQ(TraceCode(), absl::StatusCode::kInvalidArgument);
  Heaviest("hosts/a/buckets/64", 0);
  EXPECT_TRUE(absl::IsNotFound(flows_->status()));
  Heaviest("hosts/a", 0);
  EXPECT_TRUE(absl::IsInvalidArgument(flows_->status()));
  for (const std::int32_t size : {-1, 101}) {
    Heaviest("hosts/a/buckets/1", size);
    EXPECT_TRUE(absl::IsInvalidArgument(flows_->status()));
  }
  reach_.answers = false;
  Trace();
  EXPECT_EQ(TraceCode(), absl::StatusCode::kFailedPrecondition);
  reach_ = {};
  Trace();
  EXPECT_EQ(TraceCode(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(trace_->status().message()),
              HasSubstr("host a is not connected"));
  EXPECT_EQ(ErrorReason(trace_->status()), "HOST_NOT_CONNECTED");
  EXPECT_THAT(link_.queries, SizeIs(0));
}

TEST_F(AgentQueriesTest, AnAgentsRefusalIsPassedOn) {
  Trace();
  controller::Answer answer;
  answer.id = link_.queries[0].id;
  answer.error = "the data plane is stopping";
  queries_.OnAnswer("a", answer);
  EXPECT_EQ(TraceCode(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(trace_->status().message(), "host a: the data plane is stopping");
}

TEST_F(AgentQueriesTest, AnAnswerWithoutATraceIsAnError) {
  Trace();
  controller::Answer answer;
  answer.id = link_.queries[0].id;
  queries_.OnAnswer("a", answer);
  EXPECT_EQ(TraceCode(), absl::StatusCode::kInternal);
}

TEST_F(AgentQueriesTest, ASessionHasSoManyQuestionsBeforeIt) {
  for (std::size_t i = 0; i < AgentQueries::kMostPending; ++i) Trace();
  EXPECT_FALSE(trace_.has_value());
  Trace();
  EXPECT_EQ(TraceCode(), absl::StatusCode::kResourceExhausted);
  Answer(link_.queries[0].id);
  trace_.reset();
  Trace();
  EXPECT_FALSE(trace_.has_value());
}

}  // namespace
}  // namespace lb::controller
