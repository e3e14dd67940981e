// What the first released controller sends, byte by byte: it must be understood
// for as long as that revision is. See tests/data/README.md.
#include <string>

#include "agent/agent_loop.h"
#include "agent/convert.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/agent/fake_link.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_dataplane.h"
#include "tests/support/recorded_messages.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

template <class M>
M Recorded(const std::string& name) {
  const auto message = FromProto(RecordedBytes<v1::ConnectResponse>(name));
  if (!message || !std::holds_alternative<M>(*message)) {
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

TEST(ProtocolRevision1, WelcomeIsUnderstood) {
  const auto welcome = Recorded<Welcome>("welcome");
  EXPECT_EQ(welcome.store_id, "store-1");
  EXPECT_EQ(welcome.term, Term(3));
  EXPECT_EQ(welcome.protocol_revision, 1u);
  EXPECT_EQ(welcome.policy.revision, 4u);
  EXPECT_EQ(welcome.policy.report_interval, std::chrono::seconds(1));
}

TEST(ProtocolRevision1, PlanIsUnderstood) {
  const auto command = Recorded<PlanCommand>("plan");
  EXPECT_TRUE(command.readable.ok());
  EXPECT_EQ(command.plan.host, "alpha");
  EXPECT_EQ(command.plan.store_id, "store-1");
  EXPECT_EQ(command.plan.term, Term(3));
  EXPECT_EQ(command.plan.epoch, Epoch(10));
  EXPECT_EQ(command.plan.base, ComputeDigest(RecordedTable()));
  Table next = RecordedTable();
  next.owner[5] = ProcessorId(0);
  EXPECT_EQ(command.plan.table, next);
  EXPECT_EQ(command.digest, ComputeDigest(next));
  EXPECT_EQ(command.deadline, std::chrono::seconds(5));
}

TEST(ProtocolRevision1, TheRestIsUnderstood) {
  const auto ack = Recorded<PlanResultAck>("plan_result_ack");
  EXPECT_EQ(ack.term, Term(3));
  EXPECT_EQ(ack.epoch, Epoch(9));
  const auto policy = Recorded<AgentPolicy>("policy");
  EXPECT_EQ(policy.revision, 5u);
  EXPECT_EQ(policy.report_interval, std::chrono::milliseconds(250));
  EXPECT_EQ(policy.fair_queue,
            (FairQueueLimits{std::chrono::microseconds(20), 3'000}));
  const auto go_away = Recorded<GoAway>("go_away");
  EXPECT_EQ(go_away.reason, "it restarts");
  EXPECT_EQ(go_away.after, std::chrono::milliseconds(1'500));
}

Counters SomeOfAll() {
  Counters counters;
  counters.arrived = counters.served = counters.bytes = counters.queued = 1;
  counters.sent = 1;
  counters.dropped.fill(1);
  counters.unsent.fill(1);
  return counters;
}

// The host that was recorded, in the middle of its life.
class OldControllerTest : public ::testing::Test {
 protected:
  OldControllerTest() {
    dataplane_.next.buckets = {{BucketId(5), 1'000, 2, 1, true}};
    dataplane_.next.counters = SomeOfAll();
    EXPECT_TRUE(agent_.Start().ok());
    agent_.Advance();
  }

  static PlanRecord Record() {
    PlanRecord record;
    record.host = "alpha";
    record.store_id = "store-1";
    record.seen_term = record.term = Term(3);
    record.seen_epoch = record.epoch = Epoch(9);
    record.table = RecordedTable();
    PlanResult& result = record.unacknowledged.emplace();
    result.term = Term(3);
    result.epoch = Epoch(9);
    result.state = ApplyState::kPartial;
    result.applied = {{{{BucketId(0), ProcessorId(0), ProcessorId(1)}}},
                      SomeOfAll(),
                      ComputeDigest(RecordedTable())};
    return record;
  }
  static AgentOptions Options() {
    AgentOptions options;
    options.instance_id = "00112233445566778899aabbccddeeff";
    options.boot_id = "5b3d8b7e-0c1a-4f5e-9a41-7f6f3f1f2c11";
    options.software_version = "next";
    options.labels = {{"rack", "r1"}};
    return options;
  }

  // The controller says what it said then.
  template <class M>
  void Hear(const std::string& name) {
    agent_.Handle({link_.session, clock_.Monotonic(), Recorded<M>(name)});
    agent_.Advance();
  }
  void Pass(std::chrono::nanoseconds time) {
    clock_.Advance(time);
    agent_.Advance();
  }
  // It is told all that it was told then.
  template <class M>
  static void ExpectLikeRecorded(const M& message, const std::string& name) {
    EXPECT_THAT(FieldsOf(ToProto(message)),
                IsSupersetOf(FieldsOf(RecordedBytes<v1::ConnectRequest>(name))))
        << name;
  }

  const TempDir dir_;
  FakeClock clock_;
  Inbox inbox_;
  FakeDataplane dataplane_{RecordedLayout(), RecordedTable(), clock_};
  QueryThread queries_{dataplane_, inbox_, clock_};
  FakeLink link_;
  Agent agent_{Options(),
               {dataplane_, queries_, link_, clock_},
               PlanFile(dir_.File("plan")),
               Record()};
};

TEST_F(OldControllerTest, IsFollowedForAWholeSession) {
  ASSERT_THAT(link_.hellos, SizeIs(1));
  ExpectLikeRecorded(link_.hellos[0], "hello");
  Hear<Welcome>("welcome");
  Pass(seconds(1));
  Hear<PlanResultAck>("plan_result_ack");
  EXPECT_FALSE(agent_.record().unacknowledged.has_value());

  Hear<PlanCommand>("plan");
  EXPECT_EQ(dataplane_.table().owner[5], ProcessorId(0));
  ASSERT_THAT(link_.results, SizeIs(1));
  EXPECT_EQ(link_.results[0].epoch, Epoch(10));
  EXPECT_EQ(link_.results[0].state, ApplyState::kApplied);
  link_.results[0].applied.counters = SomeOfAll();  // the fake has none
  ExpectLikeRecorded(link_.results[0], "plan_result");

  Hear<AgentPolicy>("policy");
  link_.reports.clear();
  link_.room = false;
  Pass(milliseconds(250));
  link_.room = true;
  Pass(milliseconds(250));
  ASSERT_THAT(link_.reports, SizeIs(1));
  EXPECT_EQ(link_.reports[0].policy_revision, 5u);
  EXPECT_EQ(link_.reports[0].merged, 1u);
  ExpectLikeRecorded(link_.reports[0], "report");

  dataplane_.TakeOver({ProcessorId(1), 32, 0, 0}, ProcessorId(0));
  Pass(milliseconds(250));
  ASSERT_THAT(link_.changes, SizeIs(1));
  ExpectLikeRecorded(link_.changes[0], "table_changed");
  ASSERT_THAT(link_.events, SizeIs(1));
  ExpectLikeRecorded(link_.events[0], "agent_event");

  Hear<GoAway>("go_away");
  EXPECT_FALSE(link_.open);
  Pass(milliseconds(1'400));
  EXPECT_THAT(link_.hellos, SizeIs(1)) << "not before it may";
  Pass(seconds(20));
  ASSERT_THAT(link_.hellos, SizeIs(2));
  EXPECT_EQ(link_.hellos[1].last_result->epoch, Epoch(10));
}

}  // namespace
}  // namespace lb::agent
