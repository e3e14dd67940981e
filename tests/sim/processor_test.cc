#include "sim/processor.h"

#include <memory>

#include "gtest/gtest.h"
#include "tests/sim/host_fixture.h"

namespace lb::sim {
namespace {

constexpr std::int64_t kUs = 1'000;
constexpr std::int64_t kMs = 1'000'000;

class ProcessorTest : public ::testing::Test {
 protected:
  ProcessorTest()
      : scenario_(SmallScenario(QueueKind::kFifo)),
        state_(scenario_, 1),
        processor_(state_,
                   MakeFifoQueue(scenario_, state_.packets, state_.connections),
                   std::nullopt),
        connection_(state_.connections.Open(BucketId(0))) {}

  void Arrive(std::int64_t now_ns) {
    state_.ledger.Arrived(now_ns);
    ++state_.connections[connection_].pending;
    processor_.Arrive(state_.packets.Take({now_ns, connection_, 100'000}),
                      now_ns);
  }
  std::uint64_t served() const { return state_.ledger.counts().served; }

  const Scenario scenario_;
  HostState state_;
  Processor processor_;
  const ConnectionIndex connection_;
};

TEST_F(ProcessorTest, ServesOneAfterTheOther) {
  Arrive(0);
  Arrive(50 * kUs);
  processor_.AdvanceTo(100 * kUs - 1);
  EXPECT_EQ(served(), 0U);
  EXPECT_EQ(processor_.backlog(), 2U);
  processor_.AdvanceTo(100 * kUs);
  EXPECT_EQ(served(), 1U);
  processor_.AdvanceTo(200 * kUs);
  EXPECT_EQ(served(), 2U);
  // 100 us and 150 us, to 1/64.
  EXPECT_DOUBLE_EQ(state_.ledger.latency().Mean(), 125 * kUs);
  EXPECT_EQ(state_.buckets[0].served, 2U);
  EXPECT_EQ(state_.buckets[0].service_ns, 200U * kUs);
}

TEST_F(ProcessorTest, ReportsWhatItDid) {
  for (int i = 0; i < 10; ++i) Arrive(i * 10 * kMs);
  const ProcessorLoad load = processor_.Report(100 * kMs);
  EXPECT_EQ(load.busy.count(), kMs);
  EXPECT_EQ(load.capacity_permille, 1'000U);
  EXPECT_EQ(load.samples.count, 10U);
  EXPECT_DOUBLE_EQ(load.samples.mean, 0.01);
  EXPECT_EQ(load.packets, 10U);
  // An interval that begins in the middle of a packet.
  Arrive(100 * kMs);
  EXPECT_EQ(processor_.Report(100 * kMs + 30 * kUs).busy.count(), 30 * kUs);
  EXPECT_EQ(processor_.Report(200 * kMs).busy.count(), 70 * kUs);
}

TEST_F(ProcessorTest, ASlowCpuTakesLongerAndSaysSo) {
  Arrive(0);
  processor_.SetSpeed(200, 50 * kUs);  // what is left takes five times as long
  processor_.AdvanceTo(299 * kUs);
  EXPECT_EQ(served(), 0U);
  processor_.AdvanceTo(300 * kUs);
  EXPECT_EQ(served(), 1U);
  processor_.Report(5 * kMs);
  for (int i = 1; i <= 10; ++i) Arrive(i * 10 * kMs);
  const ProcessorLoad load = processor_.Report(105 * kMs);
  EXPECT_EQ(load.capacity_permille, 200U);  // it falls at once
  EXPECT_DOUBLE_EQ(load.samples.mean, 0.01);
  processor_.SetSpeed(1'000, 150 * kMs);
  for (int i = 0; i < 12; ++i) Arrive(1'010 * kMs);
  EXPECT_EQ(processor_.Report(1'105 * kMs).capacity_permille, 210U);  // slowly
}

TEST_F(ProcessorTest, StoppedItServesNothingAndTheBufferFills) {
  Arrive(0);
  processor_.Stop(50 * kUs);
  for (int i = 0; i < 12; ++i) Arrive(kMs);
  processor_.AdvanceTo(kMs * 1'000);
  EXPECT_EQ(served(), 0U);
  EXPECT_EQ(processor_.backlog(), 11U);
  EXPECT_EQ(state_.ledger.counts().dropped_total(), 2U);
  const BucketId bucket(0);
  processor_.GiveUp({&bucket, 1});
  EXPECT_EQ(processor_.backlog(), 0U);
  EXPECT_EQ(state_.ledger.counts().dropped_total(), 13U);
  EXPECT_EQ(state_.packets.used(), 0U);
  processor_.Restart(kMs * 2'000);
  Arrive(kMs * 2'000);
  processor_.AdvanceTo(kMs * 2'001);
  EXPECT_EQ(served(), 1U);
}

TEST_F(ProcessorTest, StoppedForAMomentItGoesOn) {
  Arrive(0);
  Arrive(0);
  processor_.Stop(50 * kUs);
  processor_.Restart(500 * kUs);
  processor_.AdvanceTo(kMs);
  EXPECT_EQ(served(), 2U);
}

}  // namespace
}  // namespace lb::sim
