// What the first released agent sends, byte by byte: it must be understood for
// as long as that revision is. See tests/data/README.md.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "controller/rpc/convert_agent.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/controller/agent_wire.h"
#include "tests/support/controller_harness.h"
#include "tests/support/recorded_messages.h"

namespace lb::controller {
namespace {

using ::testing::IsSupersetOf;

template <class M>
M Recorded(const std::string& name) {
  const auto message =
      AgentMessageFrom(RecordedBytes<v1::ConnectRequest>(name));
  EXPECT_TRUE(message.ok()) << message.status();
  if (!message.ok() || !std::holds_alternative<M>(*message)) {
    ADD_FAILURE() << name << " is read as something else";
    return M();
  }
  return std::get<M>(*message);
}

Layout RecordedLayout() {
  return {64, HashKind::kSipHash, "0011aabb", {{2, 1'000}, {3, 500}}};
}

Table RecordedTable() {
  Table table = DealRoundRobin(RecordedLayout());
  table.owner[0] = ProcessorId(1);
  return table;
}

void ExpectRecorded(const Counters& counters) {
  EXPECT_EQ(counters.arrived, 1'000u);
  EXPECT_EQ(counters.served, 950u);
  EXPECT_EQ(counters.bytes, 60'000u);
  EXPECT_EQ(counters.queued, 22u);
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    EXPECT_EQ(counters.dropped[i], i + 1);
  }
  EXPECT_EQ(counters.lost + counters.reordered + counters.duplicated, 0u);
  EXPECT_EQ(counters.sent, 900u);
  EXPECT_EQ(counters.unsent,
            (std::array<std::uint64_t, kUnsentReasons>{11, 12, 13, 14}));
}

void ExpectRecorded(const PlanResult& result) {
  EXPECT_EQ(result.term, Term(3));
  EXPECT_EQ(result.epoch, Epoch(9));
  EXPECT_EQ(result.state, ApplyState::kPartial);
  ASSERT_EQ(result.moves.size(), 3u);
  const MoveOutcome outcomes[] = {MoveOutcome::kMoved, MoveOutcome::kTakenOver,
                                  MoveOutcome::kNotMoved};
  const int pauses_ns[] = {1'500, 2'500, 0};
  for (std::uint32_t i = 0; i < 3; ++i) {
    const Move move{BucketId(2 * i), ProcessorId(0), ProcessorId(1)};
    EXPECT_EQ(result.moves[i].move, move);
    EXPECT_EQ(result.moves[i].outcome, outcomes[i]);
    EXPECT_EQ(result.moves[i].pause.count(), pauses_ns[i]);
  }
  ExpectRecorded(result.counters);
  EXPECT_EQ(result.digest, ComputeDigest(RecordedTable()));
}

TEST(ProtocolRevision1, HelloIsUnderstoodAndHasNoFeatures) {
  const auto hello = Recorded<Hello>("hello");
  EXPECT_EQ(hello.host, "alpha");
  EXPECT_EQ(hello.instance_id, "00112233445566778899aabbccddeeff");
  EXPECT_EQ(hello.boot_id, "5b3d8b7e-0c1a-4f5e-9a41-7f6f3f1f2c11");
  EXPECT_EQ(hello.software_version, "0.1.0");
  EXPECT_EQ(hello.protocol_revision, 1u);
  EXPECT_TRUE(hello.features.empty());
  EXPECT_EQ(hello.labels, (std::map<std::string, std::string>{{"rack", "r1"},
                                                              {"zone", "z2"}}));
  EXPECT_EQ(hello.layout, RecordedLayout());
  EXPECT_EQ(hello.table, RecordedTable());
  EXPECT_EQ(hello.digest, ComputeDigest(RecordedTable()));
  EXPECT_EQ(hello.seen_term, Term(3));
  EXPECT_EQ(hello.seen_epoch, Epoch(9));
  EXPECT_EQ(hello.store_id, "store-1");
  EXPECT_EQ(hello.applying_epoch, Epoch());
  ASSERT_TRUE(hello.last_result.has_value());
  ExpectRecorded(*hello.last_result);
}

TEST(ProtocolRevision1, ReportIsUnderstood) {
  const auto report = Recorded<Report>("report");
  EXPECT_EQ(report.sequence, 7u);
  EXPECT_EQ(report.term, Term(3));
  EXPECT_EQ(report.epoch, Epoch(9));
  EXPECT_EQ(report.policy_revision, 4u);
  EXPECT_EQ(report.merged, 1u);
  const LoadSample& load = report.load;
  EXPECT_EQ(load.start, std::chrono::seconds(100));
  EXPECT_EQ(load.end, std::chrono::seconds(102));
  EXPECT_EQ(load.table_start, ComputeDigest(RecordedTable()));
  EXPECT_EQ(load.table_end, load.table_start);
  ASSERT_EQ(load.processors.size(), 2u);
  EXPECT_EQ(load.processors[0].busy, std::chrono::milliseconds(700));
  EXPECT_EQ(load.processors[0].capacity_permille, 990u);
  EXPECT_EQ(load.processors[0].samples.count, 200u);
  EXPECT_EQ(load.processors[0].samples.mean, 0.35);
  EXPECT_EQ(load.processors[0].samples.standard_deviation, 0.125);
  EXPECT_EQ(load.processors[0].samples.lag1_autocorrelation, 0.5);
  EXPECT_TRUE(load.processors[0].in_service);
  EXPECT_EQ(load.processors[0].packets, 400u);
  EXPECT_EQ(load.processors[0].backlog_packets, 3u);
  EXPECT_TRUE(load.processors[1].stalled);
  EXPECT_FALSE(load.processors[1].in_service);
  ASSERT_EQ(load.buckets.size(), 2u);
  EXPECT_EQ(load.buckets[0].load_ns_per_s, 350'000'000u);
  EXPECT_EQ(load.buckets[0].packets, 500u);
  EXPECT_EQ(load.buckets[0].connections, 12u);
  EXPECT_FALSE(load.buckets[0].lower_bound);
  EXPECT_EQ(load.buckets[1].bucket, BucketId(63));
  EXPECT_TRUE(load.buckets[1].lower_bound);
  ASSERT_EQ(load.dispatchers.size(), 1u);
  EXPECT_EQ(load.dispatchers[0].busy, std::chrono::milliseconds(40));
  EXPECT_EQ(load.dispatchers[0].packets, 1'000u);
  ExpectRecorded(load.counters);
}

TEST(ProtocolRevision1, TheRestIsUnderstood) {
  ExpectRecorded(Recorded<PlanResult>("plan_result"));
  const auto changed = Recorded<TableChanged>("table_changed");
  EXPECT_EQ(changed.table, RecordedTable());
  EXPECT_EQ(changed.digest, ComputeDigest(RecordedTable()));
  EXPECT_EQ(changed.reason, "takeover; processor 0 stalled");
  const auto event = Recorded<AgentEvent>("agent_event");
  EXPECT_EQ(event.kind, AgentEventKind::kNewKey);
  EXPECT_EQ(event.message, "the buckets are dealt anew");
}

// The agent's end of a stream: what the controller says, as it is on the wire.
class WireLink final : public AgentLink {
 public:
  void SendWelcome(const Welcome& welcome) override {
    Keep(ResponseOf(welcome));
  }
  void SendPlan(const PlanCommand& command) override {
    Keep(ResponseOf(command));
  }
  void SendPlanResultAck(Term term, Epoch epoch) override {
    Keep(AckOf(term, epoch));
  }
  void SendPolicy(const PolicyRecord& policy) override {
    Keep(ResponseOf(policy));
  }
  void SendDrain(const Drain& drain) override { Keep(ResponseOf(drain)); }
  void SendQuery(const Query& query) override { Keep(ResponseOf(query)); }
  void SendGoAway(const GoAway& go_away) override { Keep(ResponseOf(go_away)); }
  void Close(absl::Status status) override {
    if (!closed) closed = std::move(status);
  }

  std::vector<std::string> said;
  std::optional<absl::Status> closed;

 private:
  void Keep(const v1::ConnectResponse& response) {
    if (!closed) said.push_back(response.SerializeAsString());
  }
};

using AnswerKind = v1::ConnectResponse::MessageCase;

// What that agent's controller said: every kind there was.
std::map<AnswerKind, v1::ConnectResponse> RecordedAnswers() {
  std::map<AnswerKind, v1::ConnectResponse> answers;
  for (const char* name :
       {"welcome", "plan", "plan_result_ack", "policy", "go_away"}) {
    const auto answer = RecordedBytes<v1::ConnectResponse>(name);
    answers[answer.message_case()] = answer;
  }
  return answers;
}

class OldAgentTest : public testing::Test {
 protected:
  // What the agent said, on a new stream or after that.
  void SayHello() {
    link_ = std::make_shared<WireLink>();
    links_.push_back(link_);
    session_ = harness_.core->fleet.Open(link_, Recorded<Hello>("hello"));
    harness_.Run();
  }
  template <class M>
  void Say(const std::string& name) {
    harness_.Say(session_, Recorded<M>(name));
  }
  // All of it, of every stream, by kind.
  std::map<AnswerKind, std::vector<v1::ConnectResponse>> Heard() const {
    std::map<AnswerKind, std::vector<v1::ConnectResponse>> heard;
    for (const auto& link : links_) {
      for (const std::string& bytes : link->said) {
        v1::ConnectResponse response;
        EXPECT_TRUE(response.ParseFromString(bytes));
        heard[response.message_case()].push_back(response);
      }
    }
    return heard;
  }
  const Host& host() const { return *harness_.core->fleet.FindHost("alpha"); }

  ControllerHarness harness_{balance::Policy()};
  std::shared_ptr<WireLink> link_;
  std::vector<std::shared_ptr<WireLink>> links_;
  SessionId session_ = 0;
};

TEST_F(OldAgentTest, IsServedForAWholeSession) {
  Call call;
  call.caller = {"user/alice", Role::kAdmin};
  const auto done = [](const auto& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status();
  };
  // It follows another store, until an administrator adopts it.
  SayHello();
  EXPECT_FALSE(host().fenced.empty());
  harness_.core->commands.Adopt(call, done);
  harness_.Run();
  ASSERT_TRUE(link_->closed.has_value());
  harness_.core->fleet.OnClosed(session_);
  SayHello();
  ASSERT_NE(session_, 0u);
  EXPECT_EQ(host().fenced, "");

  // Fresh and of the table in force, so it counts; and as one of its processors
  // is stalled, a plan comes of it.
  Say<Report>("report");
  ASSERT_TRUE(host().last_report.has_value());
  EXPECT_EQ(host().load->reports_of_table(), 1u);
  EXPECT_FALSE(host().session->Stale(harness_.clock.Monotonic(),
                                     std::chrono::seconds(1)));
  EXPECT_EQ(harness_.store.processor_samples(), 1u);
  Say<PlanResult>("plan_result");
  Say<TableChanged>("table_changed");
  EXPECT_EQ(harness_.store.Count(EventKind::kTableChanged), 1u);
  Say<AgentEvent>("agent_event");
  ASSERT_EQ(harness_.store.Count(EventKind::kAgentNewKey), 1u);
  EXPECT_EQ(harness_.store.events().back().message,
            "the buckets are dealt anew");
  EXPECT_EQ(harness_.store.hosts().at("alpha").table, RecordedTable());

  balance::Policy policy;
  policy.report_interval = std::chrono::milliseconds(250);
  policy.fair_queue_limit = 3'000;
  harness_.core->fleet.ChangePolicy(
      policy, [](const absl::Status& changed) { EXPECT_TRUE(changed.ok()); });
  // What it has no feature for, it is not told.
  harness_.core->commands.DrainProcessor(call, "hosts/alpha/processors/1",
                                         done);
  harness_.Run();
  EXPECT_FALSE(host().session->Has(kQueryFeature));
  EXPECT_FALSE(link_->closed.has_value());
  harness_.core->fleet.CloseAll({"it restarts", std::chrono::seconds(1)});

  // Of every kind that it knows and no other, with all that it was told then.
  auto heard = Heard();
  const auto recorded = RecordedAnswers();
  for (const auto& [kind, answer] : recorded) {
    std::set<std::string> told;
    for (const auto& one : heard[kind]) told.merge(FieldsOf(one));
    EXPECT_THAT(told, IsSupersetOf(FieldsOf(answer))) << answer.DebugString();
  }
  EXPECT_EQ(heard.size(), recorded.size());
  for (const auto& one : heard[AnswerKind::kPlanResultAck]) {
    EXPECT_EQ(one.plan_result_ack().term(), 3u);
    EXPECT_EQ(one.plan_result_ack().epoch(), 9u);
  }
  ASSERT_EQ(heard[AnswerKind::kPlan].size(), 1u);
  const PlanCommand command = CommandFrom(heard[AnswerKind::kPlan][0].plan());
  EXPECT_EQ(command.plan.host, "alpha");
  EXPECT_EQ(command.plan.base, ComputeDigest(RecordedTable()));
  EXPECT_EQ(command.plan.epoch, Epoch(10));
  EXPECT_TRUE(ValidateTable(command.plan.table, RecordedLayout()).ok());
}

}  // namespace
}  // namespace lb::controller
