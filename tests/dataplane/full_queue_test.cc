// A processor that is offered many times what it can serve: who pays, and what
// paying costs.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "common/flow_key.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/engine.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"
#include "tests/dataplane/small_engine.h"

namespace lb::dataplane {
namespace {

constexpr std::uint16_t kHeavyPort = 1;
constexpr int kSparse = 20;  // with ports from 2 on
constexpr std::uint16_t kFloodPorts = 1'000;
constexpr int kRounds = 300;
constexpr int kPerRound = 32;  // half of a ring
constexpr std::int64_t kServiceNs = 120'000;

// What the handler has seen, by its thread; `packets`, how many, by any.
struct Served {
  std::atomic<int> packets{0};
  std::atomic<int> rounds{0};                // sent; written by the source
  std::vector<std::uint16_t> ports;          // in order
  std::vector<std::uint32_t> heavy_numbers;  // of its packets
  std::atomic<bool> all{false};              // what came before the last round
  double offered_ns = 0;                     // by the samples of until then
};

// Takes longer for a packet than a batch lasts, so that every batch takes in
// all there is and serves one packet.
class SlowHandler final : public PacketHandler {
 public:
  explicit SlowHandler(Served& served) : served_(served) {}

  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext&) override {
    const std::uint16_t port = connection.key.source_port;
    served_.ports.push_back(port);
    if (port == kHeavyPort) served_.heavy_numbers.push_back(packet.sequence);
    const CycleClock& clock = CycleClock::Get();
    const std::int64_t end_ns = clock.NowNs() + kServiceNs;
    while (clock.NowNs() < end_ns) {
    }
    const int packets = ++served_.packets;
    // Two packets a round, however CPUs are shared.
    while (served_.rounds.load() < kRounds - 1 &&
           packets >= 2 * served_.rounds.load()) {
      std::this_thread::yield();
    }
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }

 private:
  Served& served_;
};

// Half a ring full at a time, and the next only when two packets were served
// since: the batch of the second has taken in all there was. So no ring ever
// overflows, the queue does. The last one comes when all is served. Live, so
// nobody waits for room.
class RoundSource final : public PacketSource {
 public:
  // The port of packet `n` of a round.
  using PortOf = std::function<std::uint16_t(int round, int n)>;
  RoundSource(Served& served, PortOf port_of)
      : served_(served), port_of_(std::move(port_of)) {}

  std::size_t Receive(std::span<Packet* const> packets) override {
    const int served = served_.packets.load();
    if (packets.size() < kPerRound || exhausted() ||
        (round_ > 0 && served < sent_at_ + 2) ||
        (round_ == kRounds - 1 && !served_.all.load())) {
      return 0;
    }
    sent_at_ = served;
    for (int n = 0; n < kPerRound; ++n) {
      const Bytes frame =
          Ether(0x0800) + Ip4{}(Udp(port_of_(round_, n), 40'000));
      std::ranges::copy(AsBytes(frame), packets[n]->frame.begin());
      packets[n]->Resize(static_cast<std::uint32_t>(frame.size()));
    }
    served_.rounds.store(++round_);
    return kPerRound;
  }
  bool exhausted() const override { return round_ == kRounds; }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return true; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds) override { std::this_thread::yield(); }

 private:
  Served& served_;
  const PortOf port_of_;
  int round_ = 0;
  int sent_at_ = 0;  // packets served when the last round was sent
};

// Service time of what arrived, by the loads of the buckets.
double OfferedNs(const LoadSample& sample) {
  double ns_per_s = 0;
  for (const BucketLoad& load : sample.buckets) {
    EXPECT_FALSE(load.lower_bound);
    ns_per_s += static_cast<double>(load.load_ns_per_s);
  }
  return ns_per_s *
         std::chrono::duration<double>(sample.end - sample.start).count();
}

EngineSummary RunFull(Served& served, RoundSource::PortOf port_of) {
  EngineOptions options = SmallEngine(/*buckets=*/64, /*processors=*/1);
  options.handler = [&](ProcessorId) {
    return std::make_unique<SlowHandler>(served);
  };
  options.sources.push_back(
      std::make_unique<RoundSource>(served, std::move(port_of)));
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  Counters before;
  do {
    const LoadSample sample = engine->Sample();
    before = sample.counters;
    served.offered_ns += OfferedNs(sample);
  } while (before.arrived < (kRounds - 1) * kPerRound || before.queued > 0);
  served.all.store(true);
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  EngineSummary summary = engine->Summary();
  // There is room again, and whoever had to pay is forgotten.
  EXPECT_EQ(summary.counters.served, before.served + kPerRound);
  EXPECT_EQ(summary.counters.drop(DropReason::kRingFull), 0u);
  EXPECT_GT(summary.counters.drop(DropReason::kQueueFull), 5'000u);
  EXPECT_EQ(summary.counters.lost + summary.counters.reordered, 0u);
  return summary;
}

// In the first round a packet of every sparse connection, later one of one of
// them in every fourth; everything else is `other`.
std::uint16_t Sparse(int round, int n, std::uint16_t other) {
  if (round == 0 && n < kSparse) return static_cast<std::uint16_t>(2 + n);
  if (round % 4 != 3 || n != 7) return other;
  return static_cast<std::uint16_t>(2 + round / 4 % kSparse);
}
constexpr std::size_t kSparseSent = kSparse + kRounds / 4;

std::size_t SparseServed(const Served& served) {
  return static_cast<std::size_t>(
      std::ranges::count_if(served.ports, [](std::uint16_t port) {
        return port > kHeavyPort && port < 2 + kSparse;
      }));
}

double Share(std::size_t part, std::size_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

// What comes of the longest connection while the queue is full goes before
// anything is fetched for it, so it is its newest packets that go.
TEST(FullQueue, TheHeavyConnectionPaysWithWhatItSends) {
  Served served;
  RunFull(served,
          [](int round, int n) { return Sparse(round, n, kHeavyPort); });
  // But for those that were interrupted for longer than the heavy one has
  // waiting: where threads share CPUs, that is their service time.
  EXPECT_GT(SparseServed(served), 3 * kSparseSent / 4);
  // Dispatchers and processor together know what was asked of it: less what
  // came before a packet's service time was known, but far more than was
  // served.
  EXPECT_GE(served.offered_ns, 0.5 * kServiceNs * (kRounds - 1) * kPerRound);
  // It kept the packets it had when the queue became full.
  constexpr std::size_t kKept = 150;
  ASSERT_GT(served.heavy_numbers.size(), kKept);
  EXPECT_LE(served.heavy_numbers[kKept], 2 * kKept);
}

// Of a flood of connections of one packet each only as many are made as there
// is room for, and they do not cost those a packet that were there before.
TEST(FullQueue, AFloodMakesNoConnectionsThatWouldPayAtOnce) {
  Served served;
  const EngineSummary summary = RunFull(served, [](int round, int n) {
    return Sparse(
        round, n,
        static_cast<std::uint16_t>(kFloodPorts + round * kPerRound + n));
  });
  // What was interrupted counts as longer than the flood's packets and pays
  // before them, so only shares compare; undisturbed, all are served.
  const double sparse_share = Share(SparseServed(served), kSparseSent);
  const double flood_share = Share(served.ports.size() - SparseServed(served),
                                   kRounds * kPerRound - kSparseSent);
  EXPECT_GT(sparse_share, 3 * flood_share);
  EXPECT_LT(summary.connections, kRounds * kPerRound / 2);
}

}  // namespace
}  // namespace lb::dataplane
