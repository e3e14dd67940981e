#include "dataplane/io/pcap_source.h"

#include <set>
#include <string>

#include "dataplane/core/parser.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/capture_file.h"
#include "tests/dataplane/fake_sleeper.h"
#include "tests/dataplane/read_source.h"

namespace lb::dataplane {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing::AllOf;
using testing::HasSubstr;

Bytes Frame(std::uint16_t source_port, std::uint16_t destination_port = 80) {
  return Ether(0x0800) + Ip4{}(Udp(source_port, destination_port));
}

// Three frames: 0, 10 and 20 ms after the first.
Bytes ThreeFrames() {
  return PcapHeader() + PcapRecord(5'000'000, Frame(1'001)) +
         PcapRecord(5'010'000, Frame(1'002)) +
         PcapRecord(5'020'000, Frame(1'003), 1'500);
}

std::uint16_t SourcePort(const ReadFrame& frame) {
  return ParseFrame(frame.bytes).key.source_port;
}

std::vector<int> SourcePorts(const std::vector<ReadFrame>& frames) {
  std::vector<int> ports;
  for (const ReadFrame& frame : frames) ports.push_back(SourcePort(frame));
  return ports;
}

TEST(PcapSource, ReadsEveryFrameOnce) {
  const TemporaryFile file(ThreeFrames());
  const auto source = *PcapSource::Open({.file = file.path()});
  EXPECT_FALSE(source->live());
  EXPECT_FALSE(source->exhausted());
  const std::vector<ReadFrame> first = ReadOnce(*source, 2);
  EXPECT_EQ(SourcePorts(first), (std::vector<int>{1'001, 1'002}));
  const std::vector<ReadFrame> last = ReadOnce(*source);
  ASSERT_EQ(SourcePorts(last), (std::vector<int>{1'003}));
  EXPECT_EQ(last[0].bytes.size(), Frame(1'003).size());
  EXPECT_EQ(last[0].wire_bytes, 1'500u);
  EXPECT_TRUE(source->exhausted());
  EXPECT_TRUE(source->status().ok());
  EXPECT_TRUE(ReadOnce(*source).empty());
  EXPECT_EQ(source->dropped(), 0u);
}

TEST(PcapSource, ReadsPcapng) {
  const TemporaryFile file(PcapngHeader() + PcapngPacket(1, Frame(1'001)) +
                           PcapngPacket(2, Frame(1'002)));
  const auto source = *PcapSource::Open({.file = file.path()});
  EXPECT_EQ(SourcePorts(ReadAll(*source)), (std::vector<int>{1'001, 1'002}));
  EXPECT_TRUE(source->status().ok()) << source->status();
}

TEST(PcapSource, CutsFramesToThePacketsBuffer) {
  const TemporaryFile file(PcapHeader() +
                           PcapRecord(1, Frame(1'001) + Bytes(9'000, 1)));
  const auto source = *PcapSource::Open({.file = file.path()});
  const std::vector<ReadFrame> frames = ReadAll(*source);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].bytes.size(), kFrameBytes);
  EXPECT_EQ(frames[0].wire_bytes, Frame(1'001).size() + 9'000);
}

TEST(PcapSource, AnEmptyCaptureIsExhaustedEvenInALoop) {
  const TemporaryFile file(PcapHeader());
  for (const std::uint64_t rounds : {0u, 1u, 5u}) {
    const auto source =
        *PcapSource::Open({.file = file.path(), .rounds = rounds});
    EXPECT_TRUE(source->exhausted());
    EXPECT_TRUE(source->status().ok());
    EXPECT_TRUE(ReadOnce(*source).empty());
  }
}

struct Unreadable {
  std::string name;
  std::string path;
  absl::StatusCode code;
  std::string says;
};

TEST(PcapSource, RefusesWhatIsNoEthernetCapture) {
  const TemporaryFile empty({});
  const TemporaryFile text({'h', 'e', 'l', 'l', 'o', ' ', 'w', 'o', 'r',
                            'l', 'd', ',', ' ', 'h', 'e', 'l', 'l', 'o',
                            '!', '!', '!', '!', '!', '!', '!'});
  Bytes half_header = PcapHeader();
  half_header.resize(20);
  const TemporaryFile cut_header(half_header);
  const TemporaryFile cooked(PcapHeader(113));
  const TemporaryFile unheard_of(PcapHeader(54'321));
  const std::vector<Unreadable> cases = {
      {"empty", empty.path(), absl::StatusCode::kDataLoss, "no pcap or pcapng"},
      {"text", text.path(), absl::StatusCode::kDataLoss, "no pcap or pcapng"},
      {"header", cut_header.path(), absl::StatusCode::kDataLoss, "truncated"},
      {"cooked", cooked.path(), absl::StatusCode::kDataLoss, "LINUX_SLL"},
      {"link type", unheard_of.path(), absl::StatusCode::kDataLoss, "54321"},
      {"missing", empty.path() + ".missing", absl::StatusCode::kNotFound,
       "No such file"},
  };
  for (const Unreadable& c : cases) {
    const auto source = PcapSource::Open({.file = c.path});
    EXPECT_EQ(source.status().code(), c.code) << c.name;
    EXPECT_THAT(std::string(source.status().message()),
                AllOf(HasSubstr(c.path), HasSubstr(c.says)))
        << c.name;
  }
}

// A capture cut off at any byte gives its whole packets; it is damaged unless
// the cut falls between two records. In a loop it ends all the same.
TEST(PcapSource, ACutCaptureGivesWhatIsWholeAndSaysSo) {
  const Bytes whole = ThreeFrames();
  const std::size_t record = 16 + Frame(1).size();
  for (std::size_t bytes = PcapHeader().size(); bytes <= whole.size();
       ++bytes) {
    const TemporaryFile file(
        Bytes(whole.begin(), whole.begin() + static_cast<long>(bytes)));
    const auto source = *PcapSource::Open({.file = file.path(), .rounds = 3});
    const std::size_t packets = (bytes - PcapHeader().size()) / record;
    const bool damaged = (bytes - PcapHeader().size()) % record != 0;
    EXPECT_TRUE(source->status().ok() || packets == 0);
    EXPECT_EQ(ReadAll(*source).size(), damaged ? packets : 3 * packets)
        << bytes << " bytes";
    EXPECT_TRUE(source->exhausted());
    if (!damaged) {
      EXPECT_TRUE(source->status().ok()) << source->status();
      continue;
    }
    EXPECT_EQ(source->status().code(), absl::StatusCode::kDataLoss) << bytes;
    EXPECT_THAT(std::string(source->status().message()),
                AllOf(HasSubstr(file.path()),
                      HasSubstr("after packet " + std::to_string(packets))));
  }
}

TEST(PcapSource, ALyingRecordLengthIsDamage) {
  Bytes bytes = ThreeFrames();
  const std::size_t second = PcapHeader().size() + 16 + Frame(1).size();
  bytes[second + 8 + 3] = 0x7f;  // its captured length, now about 2^31
  const TemporaryFile file(bytes);
  const auto source = *PcapSource::Open({.file = file.path()});
  EXPECT_EQ(ReadAll(*source).size(), 1u);
  EXPECT_EQ(source->status().code(), absl::StatusCode::kDataLoss);
}

TEST(PcapSource, LoopsAsOftenAsTold) {
  const TemporaryFile file(ThreeFrames());
  const auto twice = *PcapSource::Open({.file = file.path(), .rounds = 2});
  EXPECT_EQ(SourcePorts(ReadAll(*twice)),
            (std::vector<int>{1'001, 1'002, 1'003, 1'001, 1'002, 1'003}));
  EXPECT_TRUE(twice->exhausted());
  const auto forever = *PcapSource::Open({.file = file.path(), .rounds = 0});
  EXPECT_EQ(ReadAll(*forever, 1'000).size(), 1'000u);
  EXPECT_FALSE(forever->exhausted());
}

// Due at 0, 10 and 20 ms, then after a mean gap of 10 ms again, all halved.
TEST(PcapSource, KeepsItsPaceByTheClock) {
  const TemporaryFile file(ThreeFrames());
  FakeTime time;
  const auto source = *PcapSource::Open(
      {.file = file.path(), .rounds = 2, .speed = 2}, time.timing());
  EXPECT_EQ(ReadOnce(*source).size(), 1u);
  EXPECT_TRUE(ReadOnce(*source).empty());
  time.clock.Advance(milliseconds(5) - nanoseconds(1));
  EXPECT_TRUE(ReadOnce(*source).empty());
  time.clock.Advance(nanoseconds(1));
  EXPECT_EQ(SourcePorts(ReadOnce(*source)), (std::vector<int>{1'002}));
  time.clock.Advance(milliseconds(10));  // 15 ms: late for one, on time for one
  EXPECT_EQ(SourcePorts(ReadOnce(*source)), (std::vector<int>{1'003, 1'001}));
  time.clock.Advance(hours(1));
  EXPECT_EQ(ReadOnce(*source).size(), 2u);
  EXPECT_TRUE(source->exhausted());
}

TEST(PcapSource, WaitsUntilTheNextIsDueAtMostTheLimit) {
  const TemporaryFile file(ThreeFrames());
  FakeTime time;
  const auto source =
      *PcapSource::Open({.file = file.path(), .speed = 1}, time.timing());
  source->Wait(milliseconds(50));  // due now
  EXPECT_THAT(time.sleeper.slept(), testing::IsEmpty());
  EXPECT_EQ(ReadOnce(*source).size(), 1u);
  source->Wait(milliseconds(4));
  source->Wait(milliseconds(50));
  EXPECT_EQ(ReadOnce(*source).size(), 1u);
  source->Wait(milliseconds(50));
  EXPECT_EQ(ReadOnce(*source).size(), 1u);
  source->Wait(milliseconds(50));  // exhausted
  EXPECT_THAT(time.sleeper.slept(),
              testing::ElementsAre(milliseconds(4), milliseconds(6),
                                   milliseconds(10), milliseconds(50)));
}

TEST(PcapSource, TimeStampsThatFallBackAreDueAtOnce) {
  const TemporaryFile file(PcapHeader() + PcapRecord(9'000, Frame(1'001)) +
                           PcapRecord(10'000, Frame(1'002)) +
                           PcapRecord(1'000, Frame(1'003)));
  FakeTime time;
  const auto source =
      *PcapSource::Open({.file = file.path(), .speed = 1}, time.timing());
  EXPECT_EQ(ReadOnce(*source).size(), 1u);
  source->Wait(milliseconds(50));
  EXPECT_EQ(time.sleeper.slept().back(), milliseconds(1));
  EXPECT_EQ(ReadOnce(*source).size(), 2u);
}

// The sum of an IPv4 header with its checksum is 0xffff.
bool ChecksumHolds(const ReadFrame& frame) {
  std::uint32_t sum = 0;
  for (std::size_t i = 14; i < 34; i += 2) {
    sum += std::to_integer<std::uint32_t>(frame.bytes[i]) << 8 |
           std::to_integer<std::uint32_t>(frame.bytes[i + 1]);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

// One request and its answer, with the right header checksums.
Bytes ThereAndBack() {
  Bytes there = Ether(0x0800) + Ip4{}(Udp(40'000, 80));
  Bytes back =
      Ether(0x0800) + Ip4{.source = {198, 51, 100, 7},
                          .destination = {192, 0, 2, 1}}(Udp(80, 40'000));
  for (Bytes* frame : {&there, &back}) {
    (*frame)[24] = 0x8e;
    (*frame)[25] = 0x8a;
  }
  return PcapHeader() + PcapRecord(1, there) + PcapRecord(2, back);
}

TEST(PcapSource, ShiftGivesEveryRoundANewClient) {
  constexpr std::size_t kRounds = 1'000;
  const TemporaryFile file(ThereAndBack());
  const auto source = *PcapSource::Open(
      {.file = file.path(), .rounds = kRounds, .shift = true});
  const std::vector<ReadFrame> frames = ReadAll(*source);
  ASSERT_EQ(frames.size(), 2 * kRounds);
  std::set<std::string> keys;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const FlowKey key = ParseFrame(frames[i].bytes).key;
    keys.insert(FormatFlowKey(Canonical(key)));
    const bool there = i % 2 == 0;
    EXPECT_EQ((there ? key.source : key.destination)[0], 192);
    EXPECT_EQ(FormatAddress(there ? key.destination : key.source, key.version),
              "198.51.100.7");
    EXPECT_TRUE(ChecksumHolds(frames[i])) << "frame " << i;
  }
  EXPECT_EQ(keys.size(), kRounds) << "both directions shift alike";
  EXPECT_EQ(FormatFlowKey(ParseFrame(frames[0].bytes).key),
            "udp 192.0.2.1:40000 > 198.51.100.7:80")
      << "the first round is as recorded";
}

TEST(PcapSource, WithoutShiftEveryRoundIsAsRecorded) {
  const TemporaryFile file(ThereAndBack());
  const auto source = *PcapSource::Open({.file = file.path(), .rounds = 3});
  const std::vector<ReadFrame> frames = ReadAll(*source);
  EXPECT_EQ(frames[0], frames[2]);
  EXPECT_EQ(frames[1], frames[5]);
}

}  // namespace
}  // namespace lb::dataplane
