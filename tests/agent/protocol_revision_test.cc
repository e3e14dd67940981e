// What the first released controller sends, byte by byte: it must be understood
// for as long as that revision is. See tests/data/README.md.
#include <fstream>
#include <iterator>
#include <string>

#include "agent/convert.h"
#include "gtest/gtest.h"

namespace lb::agent {
namespace {

template <class M>
M Recorded(const std::string& name) {
  std::ifstream file(
      LB_SOURCE_DIR "/tests/data/protocol/revision-1/" + name + ".bin",
      std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  v1::ConnectResponse response;
  EXPECT_TRUE(response.ParseFromString(bytes));
  const auto message = FromProto(response);
  if (!message || !std::holds_alternative<M>(*message)) {
    ADD_FAILURE() << name << " is read as something else";
    return M();
  }
  return std::get<M>(*message);
}

Table RecordedTable() {
  Table table = DealRoundRobin(
      {64, HashKind::kSipHash, "0011aabb", {{2, 1'000}, {3, 500}}});
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

}  // namespace
}  // namespace lb::agent
