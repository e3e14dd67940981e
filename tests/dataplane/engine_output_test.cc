// From the handler to the sink, through the whole engine.
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/engine/engine.h"
#include "dataplane/engine/handlers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/fake_sink.h"
#include "tests/dataplane/small_engine.h"
#include "tests/support/frame_source.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kConnections = 300;
constexpr std::uint32_t kProcessors = 4;

class SendingHandler final : public PacketHandler {
 public:
  Verdict OnPacket(Connection&, Packet&, PacketContext&) override {
    return Verdict::kSend;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;
  }
};

EngineOptions Options(const FrameSourceOptions& source) {
  EngineOptions options = SmallEngine(64, kProcessors);
  options.handler = [](ProcessorId) {
    return std::make_unique<SendingHandler>();
  };
  options.sources.push_back(std::make_unique<FrameSource>(source));
  return options;
}

// Counts the packets that leave in another order than they came in. Used by the
// output thread alone until the engine is stopped.
class OrderCheck {
 public:
  std::unique_ptr<PacketSink> Sink() {
    return std::make_unique<FakeSink>([this](const Packet& packet) {
      std::uint64_t& next =
          next_[{packet.dispatcher, packet.key.source, packet.key.destination}];
      if (packet.sequence < next) ++out_of_order_;
      next = std::uint64_t{packet.sequence} + 1;
      return true;
    });
  }
  std::uint64_t out_of_order() const { return out_of_order_; }
  std::size_t flows() const { return next_.size(); }

 private:
  std::map<std::tuple<std::uint16_t, Address, Address>, std::uint64_t> next_;
  std::uint64_t out_of_order_ = 0;
};

TEST(EngineOutput, ASourceThatWaitsIsSentWhole) {
  constexpr std::uint64_t kPackets = 20'000;
  OrderCheck check;
  EngineOptions options =
      Options({.packets = kPackets, .connections = kConnections});
  options.sinks.push_back(check.Sink());
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  // Done means sent.
  EXPECT_EQ(engine->Sample().counters.sent, kPackets);
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_EQ(counters.served, kPackets);
  EXPECT_EQ(counters.sent, kPackets);
  EXPECT_EQ(counters.unsent_total() + counters.lost, 0u);
  EXPECT_EQ(check.flows(), kConnections);
  EXPECT_EQ(check.out_of_order(), 0u);
}

// Plans at random while packets flow: whatever a connection sends leaves in the
// order it came, and every packet served is sent or counted.
class OutputOfMoves : public ::testing::TestWithParam<bool> {};

TEST_P(OutputOfMoves, StaysInOrder) {
  constexpr std::uint64_t kSeed = 20'261'123;
  constexpr int kPlans = 100;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  OrderCheck check;
  EngineOptions options = Options({.packets = 1ULL << 40,
                                   .connections = kConnections,
                                   .seed = kSeed,
                                   .live = GetParam()});
  options.sinks.push_back(check.Sink());
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  for (int i = 0; i < kPlans; ++i) {
    Table next = engine->table();
    for (ProcessorId& owner : next.owner) {
      if (random() % 4 != 0) continue;
      owner = ProcessorId(static_cast<std::uint16_t>(random() % kProcessors));
    }
    const auto result = engine->Apply(next);
    ASSERT_TRUE(result.ok()) << result.status();
  }
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_GT(counters.sent, 0u);
  EXPECT_EQ(counters.sent + counters.unsent_total(), counters.served);
  EXPECT_EQ(counters.unsent_total(),
            counters.not_sent(UnsentReason::kOutputFull));
  EXPECT_EQ(counters.lost + counters.reordered + counters.duplicated, 0u);
  EXPECT_EQ(check.out_of_order(), 0u);
  if (!GetParam()) {
    EXPECT_EQ(counters.unsent_total(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Sources, OutputOfMoves, ::testing::Bool(),
                         [](const auto& test) {
                           return test.param ? "Live" : "Waiting";
                         });

TEST(EngineOutput, WithoutASinkEveryPacketSentIsCounted) {
  auto engine = *Engine::Create(Options({.packets = 1'000, .connections = 10}));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const Counters counters = engine->Summary().counters;
  EXPECT_EQ(counters.served, 1'000u);
  EXPECT_EQ(counters.sent, 0u);
  EXPECT_EQ(counters.not_sent(UnsentReason::kSink), 1'000u);
}

TEST(EngineOutput, RefusesSinksThatDoNotFitTheSources) {
  OrderCheck check;
  EngineOptions options = Options({.packets = 1});
  options.sinks.push_back(check.Sink());
  options.sinks.push_back(check.Sink());
  EXPECT_THAT(
      std::string(Engine::Create(std::move(options)).status().message()),
      HasSubstr("there are 2 sinks; use none, one for all, or 1"));
}

// Frames of 9,000 bytes of which the buffers hold 1,920.
class JumboSource final : public PacketSource {
 public:
  explicit JumboSource(std::uint64_t packets)
      : frames_({.packets = packets, .connections = 10}) {}
  std::size_t Receive(std::span<Packet* const> packets) override {
    const std::size_t n = frames_.Receive(packets);
    for (Packet* packet : packets.first(n)) {
      packet->captured_bytes = kFrameBytes;
      packet->wire_bytes = 9'000;
      // Its IP and UDP lengths, too.
      packet->frame[16] = std::byte{8'986 >> 8};
      packet->frame[17] = std::byte{8'986 & 0xff};
      packet->frame[38] = std::byte{8'966 >> 8};
      packet->frame[39] = std::byte{8'966 & 0xff};
    }
    return n;
  }
  bool exhausted() const override { return frames_.exhausted(); }
  absl::Status status() const override { return absl::OkStatus(); }
  bool live() const override { return false; }
  std::uint64_t dropped() const override { return 0; }
  void Wait(std::chrono::nanoseconds limit) override { frames_.Wait(limit); }

 private:
  FrameSource frames_;
};

TEST(EngineOutput, WhatWasCutIsServedAndCountedButNotSent) {
  OrderCheck check;
  EngineOptions options = Options({.packets = 1});
  options.sources[0] = std::make_unique<JumboSource>(1'000);
  options.sinks.push_back(check.Sink());
  options.handler = *MakeHandlerFactory("reflect");
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  const EngineSummary summary = engine->Summary();
  EXPECT_EQ(summary.parse[0], 1'000u);
  EXPECT_EQ(summary.counters.served, 1'000u);
  EXPECT_EQ(summary.counters.bytes, 9'000'000u);
  EXPECT_EQ(summary.counters.sent, 0u);
  EXPECT_EQ(summary.counters.not_sent(UnsentReason::kCut), 1'000u);
}

// Per packet it would take 20 s.
TEST(Handlers, BurnOncePerConnection) {
  EngineOptions options = Options({.packets = 20'000, .connections = 50});
  options.handler = *MakeHandlerFactory("burn:connection=1ms");
  auto engine = *Engine::Create(std::move(options));
  engine->Start();
  EXPECT_TRUE(engine->WaitUntilDone().ok());
  engine->Stop();
  std::chrono::nanoseconds busy{0};
  for (const ProcessorSummary& p : engine->Summary().processors) busy += p.busy;
  EXPECT_GT(busy, std::chrono::milliseconds(25));
  EXPECT_LT(busy, std::chrono::seconds(10));
}

}  // namespace
}  // namespace lb::dataplane
