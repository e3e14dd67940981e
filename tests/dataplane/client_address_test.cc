#include "dataplane/io/client_address.h"

#include <set>
#include <string>
#include <vector>

#include "dataplane/core/parser.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"

namespace lb::dataplane {
namespace {

std::string ShiftedKey(Bytes frame, std::uint64_t round) {
  const ClientAddress client = FindClient(AsBytes(frame));
  ShiftClient(std::as_writable_bytes(std::span(frame)), client, round);
  return FormatFlowKey(ParseFrame(AsBytes(frame)).key);
}

struct Case {
  std::string name;
  Bytes frame;
  std::string shifted;  // by one round
};

// 192.0.2.1 and 2001:db8::1 become 192.158.57.122 and 2001:db8::9e37:79b2, and
// so on: the step is added below the first byte, or in the last four.
TEST(ShiftClient, MovesTheSideWithTheHigherPort) {
  const std::vector<Case> cases = {
      {"source", Ether(0x0800) + Ip4{}(Udp(5'000, 80)),
       "udp 192.158.57.122:5000 > 198.51.100.7:80"},
      {"destination", Ether(0x0800) + Ip4{}(Udp(80, 5'000)),
       "udp 192.0.2.1:80 > 198.209.155.128:5000"},
      {"equal ports", Ether(0x0800) + Ip4{}(Udp(123, 123)),
       "udp 192.158.57.122:123 > 198.51.100.7:123"},
      {"fragment", Ether(0x0800) + Ip4{.fragment = 0x2000}(Udp(80, 5'000)),
       "udp 192.158.57.122:0 > 198.51.100.7:0"},
      {"tagged", Vlan({0x8100, 0x8100}, 0x0800) + Ip4{}(Udp(5'000, 80)),
       "udp 192.158.57.122:5000 > 198.51.100.7:80"},
      {"ipv6 source", Ether(0x86dd) + Ip6{}(Udp(5'000, 80)),
       "udp [2001:db8::9e37:79b2]:5000 > [2001:db8::2]:80"},
      {"ipv6 destination", Ether(0x86dd) + Ip6{}(Udp(80, 5'000)),
       "udp [2001:db8::1]:80 > [2001:db8::9e37:79b3]:5000"},
      {"unparsed", Ether(0x0800) + Ip4{.protocol = 47}(Udp(80, 5'000)),
       "unparsed"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ShiftedKey(c.frame, 1), c.shifted) << c.name;
    EXPECT_EQ(ShiftedKey(c.frame, 0),
              FormatFlowKey(ParseFrame(AsBytes(c.frame)).key))
        << c.name;
  }
}

TEST(ShiftClient, LeavesWhatCannotBeParsedAlone) {
  Bytes frame = Ether(0x0806) + Bytes(46, 9);
  const Bytes before = frame;
  ShiftClient(std::as_writable_bytes(std::span(frame)),
              FindClient(AsBytes(frame)), 7);
  EXPECT_EQ(frame, before);
}

TEST(ShiftClient, BothDirectionsStayOneConnection) {
  const Bytes low = {10, 0, 0, 1};
  const Bytes high = {10, 0, 0, 2};
  for (const auto& [a, b] :
       std::vector<std::pair<std::uint16_t, std::uint16_t>>{
           {5'000, 80}, {80, 5'000}, {7, 7}}) {
    const Bytes there =
        Ether(0x0800) + Ip4{.source = low, .destination = high}(Udp(a, b));
    const Bytes back =
        Ether(0x0800) + Ip4{.source = high, .destination = low}(Udp(b, a));
    for (std::uint64_t round = 0; round < 100; ++round) {
      Bytes there_shifted = there;
      Bytes back_shifted = back;
      ShiftClient(std::as_writable_bytes(std::span(there_shifted)),
                  FindClient(AsBytes(there)), round);
      ShiftClient(std::as_writable_bytes(std::span(back_shifted)),
                  FindClient(AsBytes(back)), round);
      EXPECT_EQ(ParseFrame(AsBytes(there_shifted)).key,
                Reversed(ParseFrame(AsBytes(back_shifted)).key))
          << a << " and " << b << ", round " << round;
    }
  }
}

TEST(ShiftClient, NeighboursDoNotMeetAgainForTenThousandRounds) {
  std::set<std::string> keys;
  for (std::uint8_t host = 1; host <= 5; ++host) {
    const Bytes frame =
        Ether(0x0800) + Ip4{.source = {10, 20, 1, host}}(Udp(5'000, 80));
    for (std::uint64_t round = 0; round < 10'000; ++round) {
      EXPECT_TRUE(keys.insert(ShiftedKey(frame, round)).second)
          << "host " << int{host} << ", round " << round;
    }
  }
}

}  // namespace
}  // namespace lb::dataplane
