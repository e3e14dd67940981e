#include "dataplane/core/parser.h"

#include <arpa/inet.h>

#include <array>
#include <cstring>

#include "dataplane/core/ip_header.h"

namespace lb::dataplane {
namespace {

constexpr int kMaxVlanTags = 2;
constexpr std::size_t kExtensionBytes = 8;  // the shortest extension header
constexpr int kMaxExtensions = 8;

constexpr std::uint16_t kEtherIpv4 = 0x0800;
constexpr std::uint16_t kEtherIpv6 = 0x86dd;

// IANA protocol numbers, besides those of ip_header.h.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragment = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestination = 60;
constexpr std::uint8_t kSctp = 132;
constexpr std::uint8_t kMobility = 135;
constexpr std::uint8_t kHip = 139;
constexpr std::uint8_t kShim6 = 140;

bool IsVlanTag(std::uint16_t ether_type) {
  return ether_type == 0x8100 || ether_type == 0x88a8 || ether_type == 0x9100;
}

bool IsExtension(std::uint8_t next_header) {
  switch (next_header) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAuthentication:
    case kDestination:
    case kMobility:
    case kHip:
    case kShim6:
      return true;
    default:
      return false;
  }
}

bool IsTransport(std::uint8_t protocol, IpVersion version) {
  return protocol == kTcp || protocol == kUdp || protocol == kSctp ||
         protocol == (version == IpVersion::kIpv4 ? kIcmp : kIcmpv6);
}

// Messages with an identifier in bytes 4 and 5: RFC 792 (echo, timestamp,
// information), RFC 950 (address mask), RFC 8335 (extended echo), RFC 4443.
bool HasIdentifier(std::uint8_t type, std::uint8_t protocol) {
  if (protocol == kIcmpv6) {
    return type == 128 || type == 129 || type == 160 || type == 161;
  }
  return type == 0 || type == 8 || (type >= 13 && type <= 18) || type == 42 ||
         type == 43;
}

// One frame being read. `end_` is where the IP packet ends by its own word,
// which may lie past the captured bytes.
class FrameParser {
 public:
  explicit FrameParser(std::span<const std::byte> frame) : frame_(frame) {}

  // One named result: it is built in place, and copying bytes that were just
  // written in other widths would stall.
  Parsed Run() {
    Parsed parsed;
    const ParseResult result = Ethernet(parsed);
    parsed.ip_end = static_cast<std::uint32_t>(end_);
    if (result != ParseResult::kOk) parsed = Parsed{result, {}};
    return parsed;
  }

 private:
  std::uint8_t Byte(std::size_t offset) const {
    return std::to_integer<std::uint8_t>(frame_[offset]);
  }
  std::uint16_t Word(std::size_t offset) const {
    std::uint16_t word;
    std::memcpy(&word, &frame_[offset], sizeof(word));
    return ntohs(word);
  }

  // Whether `bytes` from `offset` lie within the IP packet and were captured.
  ParseResult Within(std::size_t offset, std::size_t bytes) const {
    if (offset + bytes > end_) return ParseResult::kBadHeader;
    if (offset + bytes > frame_.size()) return ParseResult::kTruncated;
    return ParseResult::kOk;
  }

  ParseResult Ethernet(Parsed& parsed) {
    if (frame_.size() < kEthernetBytes) return ParseResult::kTruncated;
    std::size_t offset = kEthernetBytes;
    std::uint16_t type = Word(offset - 2);
    for (int tags = 0; IsVlanTag(type); ++tags) {
      if (tags == kMaxVlanTags) return ParseResult::kVlanDepth;
      offset += kVlanTagBytes;
      if (frame_.size() < offset) return ParseResult::kTruncated;
      type = Word(offset - 2);
    }
    parsed.ip_offset = static_cast<std::uint8_t>(offset);
    if (type == kEtherIpv4) return Ipv4(offset, parsed);
    if (type == kEtherIpv6) return Ipv6(offset, parsed);
    return ParseResult::kNotIp;
  }

  ParseResult Ipv4(std::size_t ip, Parsed& parsed) {
    if (frame_.size() < ip + kIpv4Bytes) return ParseResult::kTruncated;
    const std::size_t header = (Byte(ip) & 0x0f) * std::size_t{4};
    if (Byte(ip) >> 4 != 4 || header < kIpv4Bytes) {
      return ParseResult::kBadHeader;
    }
    end_ = ip + Word(ip + 2);
    if (ParseResult within = Within(ip, header); within != ParseResult::kOk) {
      return within;
    }
    const std::uint8_t protocol = Byte(ip + 9);
    if (!IsTransport(protocol, IpVersion::kIpv4)) {
      return ParseResult::kProtocol;
    }
    parsed.key.version = IpVersion::kIpv4;
    parsed.key.protocol = protocol;
    std::memcpy(parsed.key.source.data(), &frame_[ip + 12], 4);
    std::memcpy(parsed.key.destination.data(), &frame_[ip + 16], 4);
    // More fragments to come, or not the first: 14 of these 16 bits.
    parsed.fragment = (Word(ip + 6) & 0x3fff) != 0;
    return parsed.fragment ? ParseResult::kOk : Transport(ip + header, parsed);
  }

  ParseResult Ipv6(std::size_t ip, Parsed& parsed) {
    if (frame_.size() < ip + kIpv6Bytes) return ParseResult::kTruncated;
    if (Byte(ip) >> 4 != 6) return ParseResult::kBadHeader;
    end_ = ip + kIpv6Bytes + Word(ip + 4);
    parsed.key.version = IpVersion::kIpv6;
    std::memcpy(parsed.key.source.data(), &frame_[ip + 8], 16);
    std::memcpy(parsed.key.destination.data(), &frame_[ip + 24], 16);

    std::size_t offset = ip + kIpv6Bytes;
    std::uint8_t next = Byte(ip + 6);
    for (int depth = 0; !parsed.fragment && IsExtension(next); ++depth) {
      if (depth == kMaxExtensions) return ParseResult::kExtensionDepth;
      if (ParseResult within = Extension(offset, next, parsed.fragment);
          within != ParseResult::kOk) {
        return within;
      }
    }
    // A fragment's protocol is the one its fragment header names, which is the
    // same in every fragment of a datagram.
    if (!IsTransport(next, IpVersion::kIpv6)) return ParseResult::kProtocol;
    parsed.key.protocol = next;
    return parsed.fragment ? ParseResult::kOk : Transport(offset, parsed);
  }

  // Steps over the extension header of kind `next` at `offset`.
  ParseResult Extension(std::size_t& offset, std::uint8_t& next,
                        bool& fragment) const {
    if (ParseResult within = Within(offset, kExtensionBytes);
        within != ParseResult::kOk) {
      return within;
    }
    std::size_t bytes = kExtensionBytes;
    if (next == kFragment) {
      fragment = (Word(offset + 2) & 0xfff9) != 0;  // offset, more to come
    } else if (next == kAuthentication) {
      bytes = (Byte(offset + 1) + std::size_t{2}) * 4;  // RFC 4302
    } else {
      bytes = (Byte(offset + 1) + std::size_t{1}) * 8;  // RFC 8200
    }
    next = Byte(offset);
    if (offset + bytes > end_) return ParseResult::kBadHeader;
    offset += bytes;  // the next header's check tells whether it was captured
    return ParseResult::kOk;
  }

  ParseResult Transport(std::size_t offset, Parsed& parsed) const {
    parsed.transport_offset = static_cast<std::uint16_t>(offset);
    FlowKey& key = parsed.key;
    switch (key.protocol) {
      case kTcp:
        return Tcp(offset, key);
      case kUdp:
        return Udp(offset, key);
      case kSctp:
        return Ports(offset, 12, key);
      default:
        return Icmp(offset, key);
    }
  }

  // Reads the ports that start a header of `bytes`.
  ParseResult Ports(std::size_t offset, std::size_t bytes, FlowKey& key) const {
    if (ParseResult within = Within(offset, bytes);
        within != ParseResult::kOk) {
      return within;
    }
    key.source_port = Word(offset);
    key.destination_port = Word(offset + 2);
    return ParseResult::kOk;
  }

  ParseResult Tcp(std::size_t offset, FlowKey& key) const {
    if (ParseResult ports = Ports(offset, kTcpBytes, key);
        ports != ParseResult::kOk) {
      return ports;
    }
    const std::size_t header = (Byte(offset + 12) >> 4) * std::size_t{4};
    return header < kTcpBytes || offset + header > end_
               ? ParseResult::kBadHeader
               : ParseResult::kOk;
  }

  ParseResult Udp(std::size_t offset, FlowKey& key) const {
    if (ParseResult ports = Ports(offset, 8, key); ports != ParseResult::kOk) {
      return ports;
    }
    const std::size_t datagram = Word(offset + 4);
    return datagram < 8 || offset + datagram > end_ ? ParseResult::kBadHeader
                                                    : ParseResult::kOk;
  }

  ParseResult Icmp(std::size_t offset, FlowKey& key) const {
    if (ParseResult within = Within(offset, 4); within != ParseResult::kOk) {
      return within;
    }
    if (!HasIdentifier(Byte(offset), key.protocol)) return ParseResult::kOk;
    if (ParseResult within = Within(offset, 8); within != ParseResult::kOk) {
      return within;
    }
    key.source_port = key.destination_port = Word(offset + 4);
    return ParseResult::kOk;
  }

  std::span<const std::byte> frame_;
  std::size_t end_ = 0;
};

}  // namespace

Parsed ParseFrame(std::span<const std::byte> frame) {
  return FrameParser(frame).Run();
}

std::string_view ParseResultName(ParseResult result) {
  static constexpr std::array<std::string_view, kParseResults> kNames = {
      "ok",         "not_ip",          "truncated", "bad_header",
      "vlan_depth", "extension_depth", "protocol"};
  return kNames[static_cast<std::size_t>(result)];
}

}  // namespace lb::dataplane
