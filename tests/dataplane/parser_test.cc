#include "dataplane/core/parser.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"

namespace lb::dataplane {
namespace {

struct Seed {
  std::string name;
  Bytes frame;
  std::string key;         // FormatFlowKey
  std::size_t needed = 0;  // bytes without which the frame is truncated
  bool fragment = false;
};

constexpr const char* k4 = " 192.0.2.1:10 > 198.51.100.7:20";
constexpr const char* k6 = " [2001:db8::1]:10 > [2001:db8::2]:20";
constexpr const char* kZero4 = " 192.0.2.1:0 > 198.51.100.7:0";
constexpr const char* kZero6 = " [2001:db8::1]:0 > [2001:db8::2]:0";

Bytes V4(const Bytes& packet) { return Ether(0x0800) + packet; }
Bytes V6(const Bytes& packet) { return Ether(0x86dd) + packet; }
Bytes Echo(std::uint8_t type) { return {type, 0, 0, 0, 0x12, 0x34, 0, 1}; }

std::vector<Seed> Ipv4Seeds() {
  const std::string echo = " 192.0.2.1:4660 > 198.51.100.7:4660";
  return {
      {"udp", V4(Ip4{}(Udp(10, 20))), std::string("udp") + k4, 42},
      {"tcp", V4(Ip4{.protocol = 6}(Tcp(10, 20))), std::string("tcp") + k4, 54},
      {"tcp options", V4(Ip4{.protocol = 6}(Tcp(10, 20, 8))),
       std::string("tcp") + k4, 54},
      {"sctp", V4(Ip4{.protocol = 132}(Tcp(10, 20))), std::string("sctp") + k4,
       46},
      {"ip options", V4(Ip4{.version_and_ihl = 0x4f}(Udp(10, 20))),
       std::string("udp") + k4, 82},
      {"echo", V4(Ip4{.protocol = 1}(Echo(8))), "icmp" + echo, 42},
      {"echo reply", V4(Ip4{.protocol = 1}(Echo(0))), "icmp" + echo, 42},
      {"unreachable", V4(Ip4{.protocol = 1}(Echo(3))),
       std::string("icmp") + kZero4, 38},
      {"first fragment", V4(Ip4{.fragment = 0x2000}(Udp(10, 20))),
       std::string("udp") + kZero4, 34, true},
      {"last fragment", V4(Ip4{.fragment = 0x00b9}(Udp(10, 20))),
       std::string("udp") + kZero4, 34, true},
      {"do not fragment", V4(Ip4{.fragment = 0x4000}(Udp(10, 20))),
       std::string("udp") + k4, 42},
      {"one tag", Vlan({0x8100}, 0x0800) + Ip4{}(Udp(10, 20)),
       std::string("udp") + k4, 46},
      {"two tags", Vlan({0x88a8, 0x8100}, 0x0800) + Ip4{}(Udp(10, 20)),
       std::string("udp") + k4, 50},
      {"old tag", Vlan({0x9100, 0x9100}, 0x0800) + Ip4{}(Udp(10, 20)),
       std::string("udp") + k4, 50},
      {"padded", V4(Ip4{}(Udp(10, 20, 0)) + Bytes(18, 0)),
       std::string("udp") + k4, 42},
      {"trailing data in ip", V4(Ip4{}(Udp(10, 20) + Bytes(4, 0))),
       std::string("udp") + k4, 42},
  };
}

std::vector<Seed> Ipv6Seeds() {
  const std::string echo = " [2001:db8::1]:4660 > [2001:db8::2]:4660";
  return {
      {"udp6", V6(Ip6{}(Udp(10, 20))), std::string("udp") + k6, 62},
      {"tcp6", V6(Ip6{.next_header = 6}(Tcp(10, 20))), std::string("tcp") + k6,
       74},
      {"echo6", V6(Ip6{.next_header = 58}(Echo(128))), "icmpv6" + echo, 62},
      {"short icmp6", V6(Ip6{.next_header = 58}(Bytes{155, 0, 0, 0})),
       std::string("icmpv6") + kZero6, 58},
      {"neighbour", V6(Ip6{.next_header = 58}(Echo(135))),
       std::string("icmpv6") + kZero6, 58},
      {"hop by hop", V6(Ip6{.next_header = 0}(Extension(17) + Udp(10, 20))),
       std::string("udp") + k6, 70},
      {"long extension",
       V6(Ip6{.next_header =
                  43}(Extension(60, 3) + Extension(17, 1) + Udp(10, 20))),
       std::string("udp") + k6, 110},
      {"authentication",
       V6(Ip6{.next_header = 51}(Bytes{6, 4} + Bytes(22, 0) + Tcp(10, 20))),
       std::string("tcp") + k6, 98},
      {"mobility, hip, shim6",
       V6(Ip6{.next_header = 135}(Extension(139) + Extension(140) +
                                  Extension(17) + Udp(10, 20))),
       std::string("udp") + k6, 86},
      {"first fragment6",
       V6(Ip6{.next_header = 44}(FragmentHeader(17, 1) + Udp(10, 20))),
       std::string("udp") + kZero6, 62, true},
      {"last fragment6",
       V6(Ip6{.next_header =
                  60}(Extension(44) + FragmentHeader(17, 0x5a8) + Bytes(8, 0))),
       std::string("udp") + kZero6, 70, true},
      {"atomic fragment6",
       V6(Ip6{.next_header = 44}(FragmentHeader(17, 0) + Udp(10, 20))),
       std::string("udp") + k6, 70},
  };
}

std::vector<Seed> Seeds() {
  std::vector<Seed> seeds = Ipv4Seeds();
  for (Seed& seed : Ipv6Seeds()) seeds.push_back(std::move(seed));
  return seeds;
}

// Parses a copy of exactly this size, so that AddressSanitizer sees any byte
// read behind it.
Parsed ParseExact(const Bytes& frame, std::size_t bytes) {
  const auto copy = std::make_unique<std::byte[]>(bytes);
  std::ranges::copy(AsBytes(frame).first(bytes), copy.get());
  return ParseFrame({copy.get(), bytes});
}

TEST(ParseFrame, ReadsTheFlowKey) {
  for (const Seed& seed : Seeds()) {
    const Parsed parsed = ParseExact(seed.frame, seed.frame.size());
    EXPECT_EQ(parsed.result, ParseResult::kOk) << seed.name;
    EXPECT_EQ(FormatFlowKey(parsed.key), seed.key) << seed.name;
    EXPECT_EQ(parsed.fragment, seed.fragment) << seed.name;
    EXPECT_EQ(seed.frame[parsed.ip_offset] >> 4,
              static_cast<int>(parsed.key.version))
        << seed.name;
  }
}

TEST(ParseFrame, CutAtEveryByteIsTruncatedUntilTheKeyIsThere) {
  for (const Seed& seed : Seeds()) {
    for (std::size_t bytes = 0; bytes <= seed.frame.size(); ++bytes) {
      const Parsed parsed = ParseExact(seed.frame, bytes);
      EXPECT_EQ(parsed.result, bytes < seed.needed ? ParseResult::kTruncated
                                                   : ParseResult::kOk)
          << seed.name << " cut to " << bytes;
      if (parsed.result != ParseResult::kOk) {
        EXPECT_EQ(parsed.key, FlowKey{}) << seed.name << " cut to " << bytes;
        EXPECT_FALSE(parsed.fragment) << seed.name << " cut to " << bytes;
      }
    }
  }
}

struct Refusal {
  std::string name;
  Bytes frame;
  ParseResult result;
};

TEST(ParseFrame, ContradictingLengthsAreBadHeaders) {
  const Bytes udp = Udp(10, 20);
  const std::vector<Bytes> frames = {
      V4(Ip4{.version_and_ihl = 0x65}(udp)),
      V4(Ip4{.version_and_ihl = 0x44}(udp)),
      V4(Ip4{.version_and_ihl = 0x40}(udp)),
      V4(Ip4{.total_length = 0}(udp)),
      V4(Ip4{.total_length = 19}(udp)),
      V4(Ip4{.total_length = 20}(udp)),
      V4(Ip4{.total_length = 27}(udp)),
      V4(Ip4{.total_length = 31}(udp)),  // shorter than UDP says
      V4(Ip4{.version_and_ihl = 0x46, .total_length = 23}(udp)),
      V4(Ip4{.protocol = 6, .total_length = 39}(Tcp(10, 20))),
      V4(Ip4{.protocol = 6}(Tcp(10, 20, 4))),
      V4(Ip4{.protocol = 6, .total_length = 40}(Tcp(10, 20, 6))),
      V4(Ip4{.protocol = 132, .total_length = 31}(Tcp(10, 20))),
      V4(Ip4{.protocol = 1, .total_length = 27}(Echo(8))),
      V4(Ip4{.protocol = 1, .total_length = 23}(Echo(3))),
      V4(Ip4{}(Udp(10, 20, 4, 7))),
      V4(Ip4{}(Udp(10, 20, 4, 0))),
      V4(Ip4{}(Udp(10, 20, 4, 13))),
      V6(Ip6{.version = 4}(udp)),
      V6(Ip6{.payload_length = 0}(udp)),
      V6(Ip6{.payload_length = 7}(udp)),
      V6(Ip6{.next_header = 0, .payload_length = 7}(Extension(17) + udp)),
      V6(Ip6{.next_header = 0, .payload_length = 15}(Extension(17) + udp)),
      V6(Ip6{.next_header = 0, .payload_length = 20}(Extension(17, 9) + udp)),
      V6(Ip6{.next_header = 44,
             .payload_length = 7}(FragmentHeader(17, 8) + udp)),
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(ParseExact(frames[i], frames[i].size()).result,
              ParseResult::kBadHeader)
        << "frame " << i;
  }
}

TEST(ParseFrame, LengthsPastTheCapturedBytesAreNoContradiction) {
  const Bytes long_ip = V4(Ip4{.total_length = 1'500}(Udp(10, 20, 0, 1'480)));
  EXPECT_EQ(ParseExact(long_ip, long_ip.size()).result, ParseResult::kOk);
  const Bytes long_ip6 =
      V6(Ip6{.payload_length = 1'460}(Udp(10, 20, 0, 1'460)));
  EXPECT_EQ(ParseExact(long_ip6, long_ip6.size()).result, ParseResult::kOk);
}

TEST(ParseFrame, ABadHeaderIsBadEvenWhereTheCaptureEnds) {
  const Bytes frame = V4(Ip4{.total_length = 24}(Udp(10, 20)));
  EXPECT_EQ(ParseExact(frame, 34).result, ParseResult::kBadHeader);
}

TEST(ParseFrame, WhatIsNotForUsIsRefusedByReason) {
  const std::vector<Refusal> cases = {
      {"arp", Ether(0x0806) + Bytes(28, 0), ParseResult::kNotIp},
      {"llc", Ether(0x0026) + Bytes(38, 0), ParseResult::kNotIp},
      {"tagged arp", Vlan({0x8100}, 0x0806) + Bytes(28, 0),
       ParseResult::kNotIp},
      {"gre", V4(Ip4{.protocol = 47}(Bytes(8, 0))), ParseResult::kProtocol},
      {"fragment of gre", V4(Ip4{.protocol = 47, .fragment = 1}(Bytes(8, 0))),
       ParseResult::kProtocol},
      {"icmp6 in ip4", V4(Ip4{.protocol = 58}(Echo(128))),
       ParseResult::kProtocol},
      {"icmp in ip6", V6(Ip6{.next_header = 1}(Echo(8))),
       ParseResult::kProtocol},
      {"no next header", V6(Ip6{.next_header = 59}({})),
       ParseResult::kProtocol},
      {"esp", V6(Ip6{.next_header = 50}(Bytes(32, 0))), ParseResult::kProtocol},
      {"ip in ip", V4(Ip4{.protocol = 4}(Ip4{}(Udp(1, 2)))),
       ParseResult::kProtocol},
  };
  for (const Refusal& c : cases) {
    EXPECT_EQ(ParseExact(c.frame, c.frame.size()).result, c.result) << c.name;
  }
}

TEST(ParseFrame, TwoVlanTagsAtMost) {
  const std::vector<std::uint16_t> types = {0x8100, 0x88a8, 0x9100};
  for (const std::uint16_t tag : types) {
    for (std::size_t tags = 0; tags <= 4; ++tags) {
      const Bytes frame = Vlan(std::vector<std::uint16_t>(tags, tag), 0x0800) +
                          Ip4{}(Udp(10, 20));
      EXPECT_EQ(ParseExact(frame, frame.size()).result,
                tags <= 2 ? ParseResult::kOk : ParseResult::kVlanDepth)
          << tags << " tags of type " << tag;
    }
  }
}

TEST(ParseFrame, EightExtensionHeadersAtMost) {
  for (std::size_t headers = 0; headers <= 20; ++headers) {
    Bytes payload;
    for (std::size_t i = 0; i < headers; ++i) {
      payload = payload + Extension(i + 1 < headers ? 60 : 17);
    }
    const Bytes frame =
        V6(Ip6{.next_header = static_cast<std::uint8_t>(headers > 0 ? 60 : 17)}(
            payload + Udp(10, 20)));
    const Parsed parsed = ParseExact(frame, frame.size());
    EXPECT_EQ(parsed.result,
              headers <= 8 ? ParseResult::kOk : ParseResult::kExtensionDepth)
        << headers << " headers";
    if (headers <= 8) {
      EXPECT_EQ(FormatFlowKey(parsed.key), std::string("udp") + k6);
    }
  }
}

TEST(ParseFrame, AllFragmentsOfADatagramHaveOneKey) {
  const Bytes first = V4(Ip4{.fragment = 0x2000}(Udp(10, 20)));
  const Bytes middle = V4(Ip4{.fragment = 0x2001}(Bytes(8, 0xff)));
  const Bytes last = V4(Ip4{.fragment = 0x0002}(Bytes(3, 0)));
  const FlowKey key = ParseFrame(AsBytes(first)).key;
  EXPECT_NE(key, FlowKey{});
  EXPECT_EQ(ParseFrame(AsBytes(middle)).key, key);
  EXPECT_EQ(ParseFrame(AsBytes(last)).key, key);
}

TEST(ParseResultName, IsDistinctForEveryResult) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kParseResults; ++i) {
    names.push_back(ParseResultName(static_cast<ParseResult>(i)));
  }
  EXPECT_EQ(names.front(), "ok");
  EXPECT_EQ(names.back(), "protocol");
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace lb::dataplane
