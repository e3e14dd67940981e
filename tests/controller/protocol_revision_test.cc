// What the first released agent sends, byte by byte: it must be understood for
// as long as that revision is. See tests/data/README.md.
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

#include "controller/rpc/convert_agent.h"
#include "gtest/gtest.h"

namespace lb::controller {
namespace {

template <class M>
M Recorded(const std::string& name) {
  std::ifstream file(
      LB_SOURCE_DIR "/tests/data/protocol/revision-1/" + name + ".bin",
      std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  v1::ConnectRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  const auto message = AgentMessageFrom(request);
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

}  // namespace
}  // namespace lb::controller
