#include "dataplane/core/reflect.h"

#include <algorithm>
#include <string>

#include "dataplane/core/big_endian.h"
#include "dataplane/core/parser.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"

namespace lb::dataplane {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;

Packet Make(const Bytes& frame) {
  Packet packet;
  std::ranges::copy(AsBytes(frame), packet.frame.begin());
  packet.Resize(static_cast<std::uint32_t>(frame.size()));
  return packet;
}

Bytes FrameOf(const Packet& packet) {
  Bytes bytes;
  for (const std::byte byte : packet.captured()) {
    bytes.push_back(std::to_integer<std::uint8_t>(byte));
  }
  return bytes;
}

Bytes Slice(const Bytes& bytes, std::size_t offset, std::size_t size) {
  const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  return {at, at + static_cast<std::ptrdiff_t>(size)};
}

// What a receiver does: everything that is covered, its checksum included, sums
// up to 0xffff. Told apart from the code under test.
bool SumsUp(const Bytes& covered) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < covered.size(); ++i) {
    sum += std::uint64_t{covered[i]} << (i % 2 == 0 ? 8 : 0);
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return sum == 0xffff;
}

// `ip` is the packet without its link-layer header.
bool ChecksumsHold(const Bytes& ip) {
  const bool ipv6 = ip[0] >> 4 == 6;
  const std::size_t header = ipv6 ? 40 : 20;
  const std::uint8_t protocol = ip[ipv6 ? 6 : 9];
  const Bytes transport = Slice(ip, header, ip.size() - header);
  const Bytes pseudo = Slice(ip, ipv6 ? 8 : 12, ipv6 ? 32 : 8) +
                       Bytes{0, protocol} + Word16(transport.size());
  return (ipv6 || SumsUp(Slice(ip, 0, 20))) &&
         SumsUp(protocol == 1 ? transport : pseudo + transport);
}

Bytes Echo(std::uint8_t type, std::size_t payload) {
  return Bytes{type, 0, 0, 0, 0x12, 0x34, 0, 1} + Bytes(payload, 0x5a);
}

Bytes Segment(std::uint8_t flags, std::size_t payload = 0) {
  Bytes tcp = Tcp(40'000, 80);
  tcp[4] = 0xff, tcp[5] = 0xff, tcp[6] = 0xff, tcp[7] = 0xfe;  // sequence
  tcp[11] = 77;                                                // acknowledges
  tcp[13] = flags;
  return tcp + Bytes(payload, 'x');
}

// The datagram and both kinds of echo come back whole: addresses, ports and
// MACs exchanged, the payload as it was.
TEST(Reflect, AnswersWithTheSamePayload) {
  struct Case {
    const char* name;
    Bytes frame;
    Bytes answer;  // its IP packet's transport part, checksum apart
    std::size_t checksum;
  };
  const Bytes sent = Udp(5'000, 53, 31);
  const Bytes back = Udp(53, 5'000, 31);
  Bytes sent6 = sent;
  sent6[6] = 1;  // IPv6 has no datagrams without a checksum; this one is wrong
  const std::vector<Case> cases = {
      {"udp6", Ether(kIpv6) + Ip6{}(sent6), back, 6},
      {"echo4", Ether(kIpv4) + Ip4{.protocol = 1}(Echo(8, 33)), Echo(0, 33), 2},
      {"echo6", Ether(kIpv6) + Ip6{.next_header = 58}(Echo(128, 7)),
       Echo(129, 7), 2},
      {"udp4", Ether(kIpv4) + Ip4{}(sent6), back, 6},
      {"padded", Ether(kIpv4) + Ip4{}(sent6) + Bytes(9, 0), back, 6},
      {"tagged", Vlan({0x8100}, kIpv4) + Ip4{}(sent6), back, 6},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Packet packet = Make(c.frame);
    ASSERT_TRUE(Reflect(packet));
    const Bytes answer = FrameOf(packet);
    EXPECT_EQ(Slice(answer, 0, 6), Slice(c.frame, 6, 6));
    EXPECT_EQ(Slice(answer, 6, 6), Slice(c.frame, 0, 6));
    const FlowKey asked = ParseFrame(AsBytes(c.frame)).key;
    const Parsed parsed = ParseFrame(AsBytes(answer));
    EXPECT_EQ(parsed.result, ParseResult::kOk);
    EXPECT_EQ(parsed.key, Reversed(asked));
    EXPECT_EQ(parsed.ip_end, answer.size()) << "without padding";
    const Bytes ip =
        Slice(answer, parsed.ip_offset, parsed.ip_end - parsed.ip_offset);
    EXPECT_TRUE(ChecksumsHold(ip));
    Bytes transport = Slice(answer, parsed.transport_offset,
                            parsed.ip_end - parsed.transport_offset);
    transport[c.checksum] = transport[c.checksum + 1] = 0;
    EXPECT_EQ(transport, c.answer);
    // No two of them talk to each other for ever: an answer keeps its time to
    // live at what a host sends.
    EXPECT_EQ(ip[parsed.key.version == IpVersion::kIpv6 ? 7 : 8], 64);
  }
}

TEST(Reflect, LeavesAnAbsentUdpChecksumAbsent) {
  Packet packet = Make(Ether(kIpv4) + Ip4{}(Udp(5'000, 53)));
  ASSERT_TRUE(Reflect(packet));
  EXPECT_EQ(Load16(packet.captured(), 14 + 20 + 6), 0);
}

// RFC 9293, 3.10.7.1: what a closed port says.
TEST(Reflect, RefusesTcp) {
  struct Case {
    std::uint8_t flags;  // FIN 1, SYN 2, RST 4, PSH 8, ACK 16
    std::size_t payload;
    std::uint32_t sequence;
    std::uint32_t acknowledges;
    std::uint8_t answer;
  };
  constexpr std::uint32_t kSequence = 0xffff'fffe;
  const Case cases[] = {
      {2, 0, 0, kSequence + 1, 4 + 16},
      {2, 9, 0, kSequence + 10, 4 + 16},
      {1, 0, 0, kSequence + 1, 4 + 16},
      {0, 5, 0, kSequence + 5, 4 + 16},
      {16, 0, 77, 0, 4},
      {16 + 8, 100, 77, 0, 4},
      {16 + 2, 0, 77, 0, 4},
  };
  for (const bool ipv6 : {false, true}) {
    for (const Case& c : cases) {
      SCOPED_TRACE(testing::Message()
                   << "ipv6 " << ipv6 << " flags " << int{c.flags});
      const Bytes segment = Segment(c.flags, c.payload);
      Packet packet = Make(ipv6 ? Ether(kIpv6) + Ip6{.next_header = 6}(segment)
                                : Ether(kIpv4) + Ip4{.protocol = 6}(segment));
      const FlowKey asked = ParseFrame(packet.captured()).key;
      ASSERT_TRUE(Reflect(packet));
      EXPECT_FALSE(packet.cut());
      const Bytes answer = FrameOf(packet);
      EXPECT_EQ(answer.size(), ipv6 ? 74u : 54u);
      const Parsed parsed = ParseFrame(AsBytes(answer));
      EXPECT_EQ(parsed.key, Reversed(asked));
      EXPECT_EQ(parsed.ip_end, answer.size());
      EXPECT_TRUE(ChecksumsHold(Slice(answer, 14, answer.size() - 14)));
      const auto tcp = packet.captured().subspan(parsed.transport_offset);
      EXPECT_EQ(Load32(tcp, 4), c.sequence);
      EXPECT_EQ(Load32(tcp, 8), c.acknowledges);
      EXPECT_EQ(Load16(tcp, 12), 0x5000 | c.answer);
    }
  }
}

TEST(Reflect, LeavesOthersAsTheyAre) {
  const Bytes udp = Udp(5'000, 53);
  Bytes to_group = Ether(kIpv4) + Ip4{}(udp);
  to_group[0] = 0x01;
  const std::vector<std::pair<const char*, Bytes>> cases = {
      {"empty", {}},
      {"arp", Ether(0x0806) + Bytes(28, 0)},
      {"echo reply", Ether(kIpv4) + Ip4{.protocol = 1}(Echo(0, 8))},
      {"echo reply 6", Ether(kIpv6) + Ip6{.next_header = 58}(Echo(129, 8))},
      {"unreachable", Ether(kIpv4) + Ip4{.protocol = 1}(Echo(3, 8))},
      {"neighbour", Ether(kIpv6) + Ip6{.next_header = 58}(Echo(135, 16))},
      {"reset", Ether(kIpv4) + Ip4{.protocol = 6}(Segment(4))},
      {"sctp", Ether(kIpv4) + Ip4{.protocol = 132}(Bytes(12, 1))},
      {"no source port", Ether(kIpv4) + Ip4{}(Udp(0, 53))},
      {"group MAC", to_group},
      {"group", Ether(kIpv4) + Ip4{.destination = {224, 0, 0, 251}}(udp)},
      {"everybody",
       Ether(kIpv4) + Ip4{.destination = {255, 255, 255, 255}}(udp)},
      {"from nobody", Ether(kIpv4) + Ip4{.source = {0, 0, 0, 0}}(udp)},
      {"from a group", Ether(kIpv4) + Ip4{.source = {239, 1, 1, 1}}(udp)},
      {"options", Ether(kIpv4) + Ip4{.version_and_ihl = 0x46}(udp)},
      {"fragment", Ether(kIpv4) + Ip4{.fragment = 0x2000}(udp)},
      {"extension", Ether(kIpv6) + Ip6{.next_header = 60}(Extension(17) + udp)},
      {"lies", Ether(kIpv4) + Ip4{.total_length = 200}(udp)},
  };
  for (const auto& [name, frame] : cases) {
    SCOPED_TRACE(name);
    Packet packet = Make(frame);
    EXPECT_FALSE(Reflect(packet));
    EXPECT_EQ(FrameOf(packet), frame);
  }
}

// An answer to what was cut could only be wrong, but it was wanted.
TEST(Reflect, LeavesACutPacketAsItIsAndAsksToSendIt) {
  for (const Bytes& frame :
       {Ether(kIpv4) + Ip4{}(Udp(5'000, 53, 8'950)),
        Ether(kIpv6) + Ip6{.next_header = 58}(Echo(128, 8'900))}) {
    Packet packet = Make(Slice(frame, 0, kFrameBytes));
    packet.wire_bytes = static_cast<std::uint32_t>(frame.size());
    EXPECT_TRUE(Reflect(packet));
    EXPECT_TRUE(packet.cut());
    EXPECT_EQ(FrameOf(packet), Slice(frame, 0, kFrameBytes));
  }
}

// All of a reset's headers were captured, so it can be sent.
TEST(Reflect, RefusesACutSegment) {
  const Bytes frame = Ether(kIpv4) + Ip4{.protocol = 6}(Segment(2, 8'000));
  Packet packet = Make(Slice(frame, 0, 96));
  packet.wire_bytes = static_cast<std::uint32_t>(frame.size());
  ASSERT_TRUE(Reflect(packet));
  EXPECT_FALSE(packet.cut());
  EXPECT_EQ(Load32(packet.captured(), 14 + 20 + 8), 0xffff'fffe + 8'001);
}

// Whatever a frame is cut to, nothing outside it is read or written.
TEST(Reflect, SurvivesTruncationAtEveryByte) {
  for (const Bytes& frame : {Ether(kIpv4) + Ip4{}(Udp(5'000, 53, 20)),
                             Ether(kIpv4) + Ip4{.protocol = 6}(Segment(2, 20)),
                             Ether(kIpv4) + Ip4{.protocol = 1}(Echo(8, 20)),
                             Vlan({0x88a8, 0x8100}, kIpv6) +
                                 Ip6{.next_header = 58}(Echo(128, 20))}) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      for (const bool cut : {false, true}) {
        Packet packet = Make(Slice(frame, 0, size));
        packet.frame[size] = std::byte{0xee};
        if (cut) packet.wire_bytes = static_cast<std::uint32_t>(frame.size());
        const bool answered = Reflect(packet);
        if (!cut) {
          EXPECT_FALSE(answered) << size;
        }
        EXPECT_EQ(packet.frame[size], std::byte{0xee}) << size;
        EXPECT_LE(packet.captured_bytes, size);
      }
    }
  }
}

}  // namespace
}  // namespace lb::dataplane
