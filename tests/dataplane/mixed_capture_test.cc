// The recorded capture as the parser and the source read it, against what
// tshark 4.0.17 makes of it. Compared are, over every packet: the numbers of
// packets, bytes and fragments, connections by protocol, and the heaviest
// connection. A connection here is (protocol, the two addresses with their
// ports, in either order); the ports of TCP and UDP, the identifier of echo
// messages as both, and none for any fragment and any other ICMP message.
//
//   tshark -r tests/data/mixed.pcap -o ip.defragment:FALSE
//     -o ipv6.defragment:FALSE -E occurrence=f -E separator=, -T fields
//     -e eth.type -e ip.proto -e ipv6.nxt -e ipv6.fraghdr.nxt -e ip.src
//     -e ipv6.src -e ip.dst -e ipv6.dst -e ip.flags.mf -e ip.frag_offset
//     -e tcp.srcport -e udp.srcport -e icmp.ident -e icmpv6.echo.identifier
//     -e tcp.dstport -e udp.dstport -e frame.len | awk -F, '{
//       protocol = $2 != "" ? $2 : $4 != "" ? $4 : $3
//       fragment = $9 == 1 || $10 > 0 || $4 != ""
//       a = $5 $6 "|" (fragment ? 0 : $11 $12 $13 $14)
//       b = $7 $8 "|" (fragment ? 0 : $15 $16 $13 $14)
//       key = protocol "|" (a < b ? a "|" b : b "|" a)
//       fragments += fragment; bytes += $17; packets[key]++
//       if (packets[key] == 1) connections[protocol]++
//       if (packets[key] > most) { most = packets[key]; heaviest = key }
//     } END { print NR, bytes, fragments, heaviest, most
//       for (p in connections) print p, connections[p] }'
#include <map>
#include <string>

#include "dataplane/core/parser.h"
#include "dataplane/io/open_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/read_source.h"

namespace lb::dataplane {
namespace {

constexpr const char* kCapture = LB_SOURCE_DIR "/tests/data/mixed.pcap";

struct Census {
  std::size_t packets = 0;
  std::size_t bytes = 0;
  std::size_t parsed = 0;
  std::size_t fragments = 0;
  std::map<int, std::size_t> connections;  // by protocol
  std::map<std::string, std::size_t> packets_of;
};

Census Count(const std::vector<ReadFrame>& frames) {
  Census census;
  for (const ReadFrame& frame : frames) {
    const Parsed parsed = ParseFrame(frame.bytes);
    ++census.packets;
    census.bytes += frame.wire_bytes;
    census.parsed += parsed.result == ParseResult::kOk ? 1 : 0;
    census.fragments += parsed.fragment ? 1 : 0;
    const std::string key = FormatFlowKey(Canonical(parsed.key));
    if (++census.packets_of[key] == 1) {
      ++census.connections[parsed.key.protocol];
    }
  }
  return census;
}

TEST(MixedCapture, HoldsWhatTsharkFindsInIt) {
  const auto source = OpenSource(std::string("pcap:") + kCapture);
  ASSERT_TRUE(source.ok()) << source.status();
  const Census census = Count(ReadAll(**source));
  EXPECT_TRUE((*source)->status().ok()) << (*source)->status();
  EXPECT_EQ(census.packets, 18'503u);
  EXPECT_EQ(census.bytes, 12'167'227u);
  EXPECT_EQ(census.parsed, 18'503u) << "nothing in it is foreign";
  EXPECT_EQ(census.fragments, 522u);
  const std::map<int, std::size_t> connections = {
      {6, 321}, {1, 4}, {17, 216}, {58, 4}};
  EXPECT_EQ(census.connections, connections);
  EXPECT_EQ(census.packets_of.at("tcp 10.20.0.1:5201 > 10.20.1.1:36487"),
            1'788u);
  for (const auto& [key, packets] : census.packets_of) {
    EXPECT_LE(packets, 1'788u) << key;
  }
}

// The demonstration needs this: skewed, and still possible to even out over
// four processors.
TEST(MixedCapture, IsSkewedButNoConnectionIsTooHeavy) {
  const auto source = OpenSource(std::string("pcap:") + kCapture);
  ASSERT_TRUE(source.ok()) << source.status();
  const Census census = Count(ReadAll(**source));
  EXPECT_GE(census.packets, 15'000u);
  EXPECT_LE(census.packets, 20'000u);
  std::vector<std::size_t> packets;
  for (const auto& [key, count] : census.packets_of) packets.push_back(count);
  std::ranges::sort(packets, std::greater<>());
  EXPECT_LE(packets[0] * 100, census.packets * 12);
  std::size_t heavy = 0;
  for (std::size_t i = 0; i < 7; ++i) heavy += packets[i];
  EXPECT_GE(heavy * 2, census.packets) << "seven connections send half";
}

// Every round is the same number of connections again, and none of them was
// there before.
TEST(MixedCapture, ShiftedRoundsAreNewConnections) {
  const auto once = OpenSource(std::string("pcap:") + kCapture);
  const auto shifted =
      OpenSource(std::string("pcap:") + kCapture + ",loop=3,shift");
  ASSERT_TRUE(once.ok() && shifted.ok());
  const Census one = Count(ReadAll(**once));
  const Census three = Count(ReadAll(**shifted));
  EXPECT_EQ(three.packets, 3 * one.packets);
  EXPECT_EQ(three.parsed, 3 * one.parsed);
  EXPECT_EQ(three.packets_of.size(), 3 * one.packets_of.size());
}

}  // namespace
}  // namespace lb::dataplane
