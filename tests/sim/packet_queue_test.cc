#include "sim/packet_queue.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/sim/host_fixture.h"

namespace lb::sim {
namespace {

// A queue, and packets named by letters: "a" is of connection a.
class Bench {
 public:
  explicit Bench(QueueKind kind)
      : scenario_(SmallScenario(kind)),
        packets_(100),
        connections_(64, 26, 100),
        queue_(Make()) {
    for (std::uint32_t i = 0; i < 26; ++i) {
      connections_.Open(BucketId(i % 2));  // a, c, e... in bucket 0
    }
  }

  std::unique_ptr<PacketQueue> Make() {
    return scenario_.queue == QueueKind::kFair
               ? MakeFairQueue(scenario_, packets_, connections_)
               : MakeFifoQueue(scenario_, packets_, connections_);
  }

  // Returns whose packet is dropped.
  std::string Enqueue(const std::string& letters) {
    std::string dropped;
    for (const char letter : letters) {
      const PacketIndex packet = packets_.Take(
          {number_++, static_cast<ConnectionIndex>(letter - 'a'), 100'000});
      dropped += Name(queue_->Enqueue(packet));
    }
    return dropped;
  }

  std::string ServeAll(PacketQueue& queue) {
    std::string order;
    for (PacketIndex p = queue.Next(); p != kNoPacket; p = queue.Next()) {
      order += Name(p);
      EXPECT_GE(packets_.info(p).arrival_ns, last_[packets_.info(p).connection])
          << "reordered";
      last_[packets_.info(p).connection] = packets_.info(p).arrival_ns;
    }
    return order;
  }

  std::string Name(PacketIndex packet) const {
    if (packet == kNoPacket) return "";
    return {static_cast<char>('a' + packets_.info(packet).connection)};
  }

  PacketQueue& queue() { return *queue_; }
  ConnectionBook& connections() { return connections_; }

 private:
  const Scenario scenario_;
  PacketStore packets_;
  ConnectionBook connections_;
  std::unique_ptr<PacketQueue> queue_;
  std::int64_t number_ = 1;
  std::vector<std::int64_t> last_ = std::vector<std::int64_t>(26, 0);
};

TEST(FifoQueue, ServesAsTheyCameAndDropsTheLast) {
  Bench bench(QueueKind::kFifo);
  EXPECT_EQ(bench.Enqueue("abacabadae"), "");
  EXPECT_EQ(bench.Enqueue("fg"), "fg");
  EXPECT_EQ(bench.queue().packets(), 10U);
  EXPECT_EQ(bench.ServeAll(bench.queue()), "abacabadae");
}

// A packet takes two quanta, so that every turn is one packet.
TEST(FairQueue, TakesTurnsAndDropsFromTheLongest) {
  Bench bench(QueueKind::kFair);
  EXPECT_EQ(bench.Enqueue("aaaaaaa"), "");
  // Until a has been served, its packets are taken for short ones.
  EXPECT_EQ(bench.ServeAll(bench.queue()), "aaaaaaa");
  EXPECT_EQ(bench.Enqueue("aaaaaaaabc"), "");
  EXPECT_EQ(bench.Enqueue("d"), "a");
  const std::string order = bench.ServeAll(bench.queue());
  EXPECT_EQ(order.size(), 10U);
  // The sparse ones do not wait behind a's seven.
  EXPECT_LE(order.find_last_of("bcd"), 5U) << order;
}

TEST(PacketQueues, ABucketLeavesWithItsPackets) {
  for (const QueueKind kind : {QueueKind::kFifo, QueueKind::kFair}) {
    Bench bench(kind);
    const std::unique_ptr<PacketQueue> other = bench.Make();
    bench.Enqueue("aabbccdd");
    EXPECT_EQ(bench.Name(bench.queue().Next()), "a");  // its turn is open
    dataplane::PacketList taken;
    bench.queue().Release(BucketId(0),
                          bench.connections().OfBucket(BucketId(0)), taken);
    EXPECT_EQ(bench.queue().packets(), 4U);
    other->Adopt(bench.connections().OfBucket(BucketId(0)), taken);
    EXPECT_TRUE(taken.empty());
    EXPECT_EQ(other->packets(), 3U);
    std::string moved = bench.ServeAll(*other);
    std::sort(moved.begin(), moved.end());
    EXPECT_EQ(moved, "acc");
    std::string stayed = bench.ServeAll(bench.queue());
    std::sort(stayed.begin(), stayed.end());
    EXPECT_EQ(stayed, "bbdd");
  }
}

}  // namespace
}  // namespace lb::sim
