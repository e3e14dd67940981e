// What the output thread makes of the rings: the order between them, fenced
// generations, sinks, and where the buffers go.
#include "dataplane/engine/output_thread.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/fake_sink.h"

namespace lb::dataplane {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kProcessors = 3;
constexpr std::uint32_t kShare = 64;

// Rings filled by the test in the workers' place, before the thread starts, so
// that it meets them in the order that would go wrong.
class Output : public ::testing::Test {
 protected:
  Output() { taken_.resize(pool_.Take(0, taken_)); }

  // The `n`-th buffer of the pool, as processor `p` would push it.
  bool Push(std::size_t p, std::size_t n) {
    const bool pushed = rings_[p]->Push(taken_[n], generations_[p]);
    rings_[p]->Publish();
    return pushed;
  }

  std::unique_ptr<PacketSink> Sink(std::vector<PacketIndex>& sent) {
    return std::make_unique<FakeSink>([this, &sent](const Packet& packet) {
      sent.push_back(
          static_cast<PacketIndex>(&packet - pool_.packets().data()));
      return sent.back() != refused_;
    });
  }

  // Runs an output thread until everything is sent.
  Counters Run(std::vector<std::unique_ptr<PacketSink>> sinks) {
    OutputThread thread(
        {.pool = pool_,
         .returner = kProcessors,
         .rings = rings_,
         .generation = [this](std::size_t p) { return now_[p]; },
         .on_returned = [this] { ++returned_; },
         .on_idle = idle_},
        std::move(sinks));
    thread.Start();
    thread.RequestStop();
    thread.Join();
    return thread.counters();
  }
  Counters Run(std::vector<PacketIndex>& sent) {
    std::vector<std::unique_ptr<PacketSink>> sinks;
    sinks.push_back(Sink(sent));
    return Run(std::move(sinks));
  }

  PacketPool pool_{1, kProcessors + 1, kShare};
  std::vector<PacketIndex> taken_ = std::vector<PacketIndex>(kShare);
  OutputRings rings_ = MakeOutputRings(kProcessors, 8);
  std::array<std::uint64_t, kProcessors> generations_{};  // when served
  std::array<std::uint64_t, kProcessors> now_{};          // when sent
  PacketIndex refused_ = kNoPacket;
  Waiter idle_;
  int returned_ = 0;
};

TEST_F(Output, SendsWhatWasPushedAndReturnsTheBuffers) {
  for (std::size_t n = 0; n < 5; ++n) ASSERT_TRUE(Push(1, n));
  std::vector<PacketIndex> sent;
  const Counters counters = Run(sent);
  EXPECT_THAT(
      sent, ElementsAre(taken_[0], taken_[1], taken_[2], taken_[3], taken_[4]));
  EXPECT_EQ(counters.sent, 5u);
  EXPECT_EQ(counters.unsent_total(), 0u);
  EXPECT_GT(returned_, 0);
  std::vector<PacketIndex> home(kShare);
  EXPECT_EQ(pool_.Take(0, home), 5u);
}

// A bucket goes from processor 2 to 1 to 0 and back to 2. Rings are read from 0
// on, so without marks everything would come out the wrong way round.
TEST_F(Output, KeepsTheOrderOfABucketThatMoves) {
  Push(2, 0);
  rings_[1]->Adopted(rings_);
  Push(1, 1);
  rings_[0]->Adopted(rings_);
  Push(0, 2);
  rings_[2]->Adopted(rings_);
  Push(2, 3);
  Push(2, 4);
  std::vector<PacketIndex> sent;
  Run(sent);
  EXPECT_THAT(
      sent, ElementsAre(taken_[0], taken_[1], taken_[2], taken_[3], taken_[4]));
}

// The ring is full when the bucket comes: nothing may pass what the old owner
// has sent, though the mark has to wait.
TEST_F(Output, AMarkThatFindsNoRoomIsNotForgotten) {
  for (std::size_t n = 0; n < 8; ++n) ASSERT_TRUE(Push(0, n));
  Push(1, 8);
  rings_[0]->Adopted(rings_);
  EXPECT_FALSE(Push(0, 9));
  OutputEntry entry;
  ASSERT_TRUE(rings_[0]->Pop(entry));
  EXPECT_FALSE(Push(0, 9)) << "the room is the mark's";
  ASSERT_TRUE(rings_[0]->Pop(entry));
  EXPECT_TRUE(Push(0, 10));
  std::vector<PacketIndex> sent;
  Run(sent);
  EXPECT_THAT(sent, ElementsAre(taken_[2], taken_[3], taken_[4], taken_[5],
                                taken_[6], taken_[7], taken_[8], taken_[10]));
}

TEST_F(Output, ThrowsAwayWhatAnEarlierGenerationServed) {
  Push(0, 0);
  Push(1, 1);
  now_[1] = generations_[1] = 7;
  Push(1, 2);
  std::vector<PacketIndex> sent;
  const Counters counters = Run(sent);
  EXPECT_THAT(sent, ElementsAre(taken_[0], taken_[2]));
  EXPECT_EQ(counters.sent, 2u);
  EXPECT_EQ(counters.not_sent(UnsentReason::kTakeover), 1u);
  std::vector<PacketIndex> home(kShare);
  EXPECT_EQ(pool_.Take(0, home), 3u);
}

TEST_F(Output, CountsWhatASinkRefuses) {
  for (std::size_t n = 0; n < 3; ++n) Push(0, n);
  refused_ = taken_[1];
  std::vector<PacketIndex> sent;
  const Counters counters = Run(sent);
  EXPECT_EQ(counters.sent, 2u);
  EXPECT_EQ(counters.not_sent(UnsentReason::kSink), 1u);
}

TEST_F(Output, EachDispatchersPacketsGoToItsSink) {
  std::vector<PacketIndex> sent;
  std::vector<std::unique_ptr<PacketSink>> sinks;
  sinks.push_back(nullptr);
  sinks.push_back(Sink(sent));
  for (std::size_t n = 0; n < 4; ++n) {
    pool_.packets()[taken_[n]].dispatcher = n % 2;
    Push(0, n);
  }
  const Counters counters = Run(std::move(sinks));
  EXPECT_THAT(sent, ElementsAre(taken_[1], taken_[3]));
  EXPECT_EQ(counters.not_sent(UnsentReason::kSink), 2u);
}

}  // namespace
}  // namespace lb::dataplane
