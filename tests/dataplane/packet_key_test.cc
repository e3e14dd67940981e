#include "dataplane/core/packet_key.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/core/parser.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"

namespace lb::dataplane {
namespace {

struct Named {
  std::string name;
  Bytes frame;
};

// There and back: the usual ones, and next to them what the parser must see.
std::vector<Named> Frames() {
  std::vector<Named> frames;
  for (const auto& [from, to] : {std::pair<std::uint16_t, std::uint16_t>{1, 2},
                                 {2, 1},
                                 {443, 51'234},
                                 {7, 7}}) {
    const std::string ports = std::to_string(from) + " " + std::to_string(to);
    const Bytes tcp = Ip4{.protocol = 6}(Tcp(from, to, 4));
    frames.push_back({"tcp " + ports, Ether(0x0800) + tcp});
    frames.push_back(
        {"udp " + ports, Ether(0x0800) + Ip4{}(Udp(from, to, 18))});
    frames.push_back({"tagged " + ports, Vlan({0x8100}, 0x0800) + tcp});
    frames.push_back({"tagged twice " + ports,
                      Vlan({0x88a8, 0x8100}, 0x0800) + tcp + Bytes(20, 0)});
    frames.push_back({"tcp6 " + ports,
                      Ether(0x86dd) + Ip6{.next_header = 6}(Tcp(from, to, 4))});
    frames.push_back({"tagged udp6 " + ports,
                      Vlan({0x8100}, 0x86dd) + Ip6{}(Udp(from, to, 18))});
    frames.push_back({"ip options " + ports,
                      Ether(0x0800) + Ip4{.version_and_ihl = 0x46}(
                                          Udp(from, to) + Bytes(20, 0))});
    frames.push_back(
        {"udp6 " + ports, Ether(0x86dd) + Ip6{}(Udp(from, to, 18))});
  }
  return frames;
}

// IPv4's or IPv6's addresses the other way round, and what follows as it is.
Bytes WithAddressesSwapped(Bytes frame) {
  const Parsed parsed = ParseFrame(AsBytes(frame));
  if (parsed.result != ParseResult::kOk) return frame;
  const bool ipv4 = parsed.key.version == IpVersion::kIpv4;
  const auto source = frame.begin() + parsed.ip_offset + (ipv4 ? 12 : 8);
  const auto destination = source + (ipv4 ? 4 : 16);
  std::swap_ranges(source, destination, destination);
  return frame;
}

void ExpectAsParsed(const Bytes& frame, std::size_t bytes, KeyForm form) {
  const auto packet = std::make_unique<Packet>();
  std::ranges::copy(AsBytes(frame), packet->frame.begin());
  packet->Resize(static_cast<std::uint32_t>(bytes));
  packet->key.source.fill(0xee);  // a packet before left it so
  packet->key.destination.fill(0xee);
  Packet* const one = packet.get();
  WriteKeys({&one, 1}, form);

  const Parsed parsed = ParseFrame(packet->captured());
  const bool turned = form == KeyForm::kCanonical && !IsCanonical(parsed.key);
  ASSERT_EQ(packet->parse, parsed.result);
  ASSERT_EQ(packet->key, turned ? Reversed(parsed.key) : parsed.key)
      << FormatFlowKey(packet->key);
  ASSERT_EQ(packet->reversed, turned);
}

TEST(WriteKeys, SaysWhatTheParserSaysWhateverAByteIsChangedTo) {
  for (const KeyForm form : {KeyForm::kCanonical, KeyForm::kAsIs}) {
    for (const Named& named : Frames()) {
      for (std::size_t at = 12; at < named.frame.size(); ++at) {
        for (const int change :
             {0x00, 0x01, 0x02, 0x0f, 0x10, 0x20, 0x40, 0x80, 0xff}) {
          SCOPED_TRACE(::testing::Message()
                       << named.name << " byte " << at << " ^ " << change);
          Bytes frame = named.frame;
          frame[at] ^= static_cast<std::uint8_t>(change);
          ExpectAsParsed(frame, frame.size(), form);
          ExpectAsParsed(WithAddressesSwapped(frame), frame.size(), form);
        }
      }
    }
  }
}

TEST(WriteKeys, SaysWhatTheParserSaysWhereverTheCaptureEnds) {
  for (const Named& named : Frames()) {
    for (std::size_t bytes = 0; bytes <= named.frame.size(); ++bytes) {
      SCOPED_TRACE(::testing::Message() << named.name << " cut to " << bytes);
      ExpectAsParsed(named.frame, bytes, KeyForm::kCanonical);
    }
  }
}

TEST(WriteKeys, BothDirectionsOfAConnectionHaveOneKey) {
  std::array<std::unique_ptr<Packet>, 2> packets;
  std::array<Packet*, 2> pointers{};
  for (std::size_t i = 0; i < 2; ++i) {
    Bytes frame = Ether(0x0800) +
                  Ip4{.protocol = 6}(i == 0 ? Tcp(80, 4'000) : Tcp(4'000, 80));
    if (i == 1) frame = WithAddressesSwapped(frame);
    packets[i] = std::make_unique<Packet>();
    std::ranges::copy(AsBytes(frame), packets[i]->frame.begin());
    packets[i]->Resize(static_cast<std::uint32_t>(frame.size()));
    pointers[i] = packets[i].get();
  }
  WriteKeys(pointers, KeyForm::kCanonical);
  EXPECT_EQ(packets[0]->key, packets[1]->key);
  EXPECT_NE(packets[0]->reversed, packets[1]->reversed);
  WriteKeys(pointers, KeyForm::kAsIs);
  EXPECT_EQ(packets[0]->key, Reversed(packets[1]->key));
}

}  // namespace
}  // namespace lb::dataplane
