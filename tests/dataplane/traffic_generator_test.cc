#include "dataplane/io/traffic_generator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "dataplane/core/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/fake_sleeper.h"
#include "tests/dataplane/read_source.h"

namespace lb::dataplane {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Packets by connection (its key's bytes), over `packets` of the model.
using Counts = std::unordered_map<std::string, int>;
Counts CountPackets(TrafficModel& model, int packets) {
  Counts counts;
  for (int i = 0; i < packets; ++i) {
    const FlowKey key = Canonical(model.Next());
    ++counts[std::string(reinterpret_cast<const char*>(&key), sizeof(key))];
  }
  return counts;
}

std::vector<int> Descending(const Counts& counts) {
  std::vector<int> values;
  for (const auto& [key, count] : counts) values.push_back(count);
  std::ranges::sort(values, std::greater<>());
  return values;
}

TEST(TrafficGenerator, TheSameSeedGivesTheSameFrames) {
  const TrafficOptions options{.seed = 7, .arrivals = 5'000, .packets = 5'000};
  const auto one = *TrafficGenerator::Create(options);
  const auto other = *TrafficGenerator::Create(options);
  const std::vector<ReadFrame> frames = ReadAll(*one);
  EXPECT_EQ(frames.size(), 5'000u);
  EXPECT_EQ(frames, ReadAll(*other));
  TrafficOptions another_seed = options;
  another_seed.seed = 8;
  EXPECT_NE(frames, ReadAll(**TrafficGenerator::Create(another_seed)));
}

TEST(TrafficGenerator, FramesDoNotDependOnWhenTheyAreRead) {
  const TrafficOptions options{
      .seed = 7, .arrivals = 50, .rate = 1'000, .packets = 500};
  FakeTime slow_time;
  FakeTime fast_time;
  const auto slow = *TrafficGenerator::Create(options, slow_time.timing());
  const auto fast = *TrafficGenerator::Create(options, fast_time.timing());
  std::vector<ReadFrame> slow_frames;
  while (!slow->exhausted()) {
    for (ReadFrame& frame : ReadOnce(*slow)) slow_frames.push_back(frame);
    slow->Wait(microseconds(700));
  }
  ReadOnce(*fast);
  fast_time.clock.Advance(std::chrono::hours(1));
  std::vector<ReadFrame> fast_frames = {slow_frames[0]};
  for (ReadFrame& frame : ReadAll(*fast)) fast_frames.push_back(frame);
  EXPECT_EQ(slow_frames, fast_frames);
}

// Sum of 16-bit words in network order, folded.
std::uint32_t Fold(std::span<const std::byte> bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += std::to_integer<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(TrafficGenerator, FramesAreWholeAndTheirChecksumsHold) {
  std::map<std::string, int> kinds;
  for (const std::uint32_t bytes : {74u, 75u, 128u, 1'514u}) {
    const auto source =
        *TrafficGenerator::Create({.packets = 500, .bytes = bytes});
    for (const ReadFrame& frame : ReadAll(*source)) {
      ASSERT_EQ(frame.bytes.size(), bytes);
      EXPECT_EQ(frame.wire_bytes, bytes);
      const Parsed parsed = ParseFrame(frame.bytes);
      ASSERT_EQ(parsed.result, ParseResult::kOk);
      const bool ipv4 = parsed.key.version == IpVersion::kIpv4;
      const std::span<const std::byte> ip =
          std::span(frame.bytes).subspan(parsed.ip_offset);
      if (ipv4) {
        EXPECT_EQ(Fold(ip.first(20)), 0xffffu);
      }
      const auto addresses = ipv4 ? ip.subspan(12, 8) : ip.subspan(8, 32);
      const auto transport = ip.subspan(ipv4 ? 20 : 40);
      EXPECT_EQ(
          Fold(transport, Fold(addresses) + parsed.key.protocol +
                              static_cast<std::uint32_t>(transport.size())),
          0xffffu)
          << FormatFlowKey(parsed.key) << ", " << bytes << " bytes";
      ++kinds[std::to_string(parsed.key.protocol) + (ipv4 ? " v4" : " v6")];
    }
  }
  EXPECT_THAT(kinds, testing::SizeIs(4)) << "TCP and UDP, IPv4 and IPv6";
}

TEST(TrafficGenerator, SendsAtItsRate) {
  FakeTime time;
  const auto source =
      *TrafficGenerator::Create({.rate = 1'000, .packets = 100}, time.timing());
  EXPECT_FALSE(source->live());
  EXPECT_EQ(ReadAll(*source).size(), 1u);
  source->Wait(milliseconds(20));
  ASSERT_EQ(time.sleeper.slept().size(), 1u);
  EXPECT_EQ(time.sleeper.slept()[0], milliseconds(1));
  EXPECT_EQ(ReadAll(*source).size(), 1u);
  time.clock.Advance(milliseconds(48));
  EXPECT_EQ(ReadAll(*source).size(), 48u);
  time.clock.Advance(milliseconds(1'000));
  EXPECT_EQ(ReadAll(*source).size(), 50u);
  EXPECT_TRUE(source->exhausted());
}

TEST(TrafficGenerator, WithoutPacketsItIsEndless) {
  const auto source = *TrafficGenerator::Create({});
  EXPECT_EQ(ReadAll(*source, 10'000).size(), 10'000u);
  EXPECT_FALSE(source->exhausted());
}

TEST(TrafficModel, WithoutArrivalsConnectionsStayAndFollowZipf) {
  constexpr int kPackets = 200'000;
  TrafficModel model({.seed = 3, .connections = 100, .zipf = 1});
  const std::vector<int> counts = Descending(CountPackets(model, kPackets));
  ASSERT_EQ(counts.size(), 100u);
  double harmonic = 0;
  for (int k = 1; k <= 100; ++k) harmonic += 1.0 / k;
  // Six standard deviations of a binomial count.
  for (const int k : {1, 2, 5, 10}) {
    const double expected = kPackets / harmonic / k;
    EXPECT_NEAR(counts[static_cast<std::size_t>(k - 1)], expected,
                6 * std::sqrt(expected))
        << "rank " << k;
  }
  EXPECT_EQ(model.arrived(), 0u);
}

TEST(TrafficModel, WithZipfZeroAllAreEqual) {
  TrafficModel model({.seed = 3, .connections = 50, .zipf = 0});
  for (const int count : Descending(CountPackets(model, 100'000))) {
    EXPECT_NEAR(count, 2'000, 6 * std::sqrt(2'000.0));
  }
}

TEST(TrafficModel, ElephantsShareWhatTheyWereGivenAndNeverEnd) {
  TrafficModel model({.seed = 5,
                      .connections = 200,
                      .arrivals = 20'000,
                      .elephants = 4,
                      .share = 0.6});
  const std::vector<int> counts = Descending(CountPackets(model, 200'000));
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(counts[i], 30'000, 6 * std::sqrt(30'000.0)) << i;
  }
  EXPECT_LT(counts[4], 20'000);
  EXPECT_GT(model.arrived(), 1'000u);
}

// With light-tailed sizes the law of large numbers is quick to hold.
TEST(TrafficModel, AsManyArriveAsAskedFor) {
  constexpr int kPackets = 500'000;
  TrafficModel model({.seed = 9,
                      .connections = 100,
                      .zipf = 0.5,
                      .pareto = 4,
                      .arrivals = 1'000,
                      .rate = 20'000});
  const auto counts = CountPackets(model, kPackets);
  // 25 seconds' worth of packets.
  EXPECT_NEAR(static_cast<double>(model.arrived()), 25'000, 1'000);
  // Every connection that arrived has a key of its own, but for chance.
  EXPECT_NEAR(static_cast<double>(counts.size()),
              static_cast<double>(model.arrived()), 120);
}

TEST(TrafficModel, TheSmallerTheShapeTheHeavierTheTail) {
  const auto heaviest = [](double shape) {
    TrafficModel model({.seed = 11,
                        .connections = 20,
                        .zipf = 0,
                        .pareto = shape,
                        .arrivals = 20'000});
    return Descending(CountPackets(model, 500'000)).front();
  };
  EXPECT_GT(heaviest(1.1), 4 * heaviest(10));
}

struct Refusal {
  std::string says;
  TrafficOptions options;
};

TEST(ValidateTraffic, NamesWhatIsOutOfRange) {
  const double nan = std::nan("");
  const std::vector<Refusal> cases = {
      {"connections is 0", {.connections = 0}},
      {"connections is 1000001", {.connections = 1'000'001}},
      {"zipf is -1", {.zipf = -1}},
      {"zipf is nan", {.zipf = nan}},
      {"pareto is 1", {.pareto = 1}},
      {"arrivals is -1", {.arrivals = -1}},
      {"elephants is 11; use 0 to 10", {.connections = 10, .elephants = 11}},
      {"share is 1.1", {.share = 1.1}},
      {"rate is -5", {.rate = -5}},
      {"bytes is 73; use 74 to 1514", {.bytes = 73}},
      {"bytes is 1515", {.bytes = 1'515}},
      {"more than the 100 packets", {.arrivals = 101, .rate = 100}},
      {"more than the 50 packets",
       {.arrivals = 60, .elephants = 1, .share = 0.5, .rate = 100}},
  };
  for (const Refusal& c : cases) {
    const auto source = TrafficGenerator::Create(c.options);
    EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument)
        << c.says;
    EXPECT_THAT(std::string(source.status().message()),
                testing::HasSubstr(c.says));
  }
  EXPECT_TRUE(ValidateTraffic({}).ok());
}

}  // namespace
}  // namespace lb::dataplane
