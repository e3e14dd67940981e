#include "dataplane/core/reflect.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/big_endian.h"
#include "dataplane/core/checksum.h"
#include "dataplane/core/ip_header.h"
#include "dataplane/core/parser.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kMacBytes = 6;
constexpr std::byte kHopLimit{64};

constexpr unsigned kFin = 0x01;
constexpr unsigned kSyn = 0x02;
constexpr unsigned kRst = 0x04;
constexpr unsigned kAck = 0x10;

bool IsIpv6(const Parsed& parsed) {
  return parsed.key.version == IpVersion::kIpv6;
}

// One host's address: not a group's, not everybody's, not "none yet".
bool IsHost(const Address& address, IpVersion version) {
  if (version == IpVersion::kIpv4) return address[0] > 0 && address[0] < 224;
  return address[0] != 0xff && address != Address{};
}

// Headers as plain as an answer can be made of in place.
bool IsPlain(const Packet& packet, const Parsed& parsed) {
  if (parsed.result != ParseResult::kOk || parsed.fragment) return false;
  const std::size_t header = IsIpv6(parsed) ? kIpv6Bytes : kIpv4Bytes;
  const bool to_group = (packet.frame[0] & std::byte{1}) != std::byte{0};
  return parsed.transport_offset == parsed.ip_offset + header && !to_group &&
         parsed.ip_end <= packet.wire_bytes &&
         IsHost(parsed.key.source, parsed.key.version) &&
         IsHost(parsed.key.destination, parsed.key.version);
}

void Exchange(std::span<std::byte> bytes, std::size_t offset,
              std::size_t size) {
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto second = first + static_cast<std::ptrdiff_t>(size);
  std::swap_ranges(first, second, second);
}

// Sends the packet back as it is by now; its padding is left to the interface.
void TurnRound(Packet& packet, const Parsed& parsed) {
  packet.Resize(parsed.ip_end);
  const auto frame = packet.captured();
  const std::size_t ip = parsed.ip_offset;
  Exchange(frame, 0, kMacBytes);
  if (IsIpv6(parsed)) {
    Exchange(frame, ip + 8, 16);
    frame[ip + 7] = kHopLimit;
  } else {
    Exchange(frame, ip + 12, 4);
    frame[ip + 8] = kHopLimit;
  }
  WriteChecksums(frame, parsed);
}

bool ReflectEcho(Packet& packet, const Parsed& parsed) {
  const bool ipv6 = parsed.key.protocol == kIcmpv6;
  std::byte& type = packet.frame[parsed.transport_offset];
  if (type != std::byte{ipv6 ? std::uint8_t{128} : std::uint8_t{8}}) {
    return false;
  }
  if (parsed.ip_end > packet.captured_bytes) return true;  // cut
  type = std::byte{ipv6 ? std::uint8_t{129} : std::uint8_t{0}};
  TurnRound(packet, parsed);
  return true;
}

bool ReflectDatagram(Packet& packet, const Parsed& parsed) {
  if (parsed.key.source_port == 0) return false;           // wants no answer
  if (parsed.ip_end > packet.captured_bytes) return true;  // cut
  Exchange(packet.frame, parsed.transport_offset, 2);
  TurnRound(packet, parsed);
  return true;
}

// Bytes of the sequence space that a segment takes.
std::uint32_t SegmentLength(std::span<const std::byte> tcp, unsigned flags,
                            std::size_t segment_bytes) {
  const auto header = std::to_integer<std::size_t>(tcp[12] >> 4) * 4;
  return static_cast<std::uint32_t>(segment_bytes - header) +
         ((flags & kSyn) != 0) + ((flags & kFin) != 0);
}

bool ReflectSegment(Packet& packet, Parsed parsed) {
  const std::size_t start = parsed.transport_offset;
  const auto tcp = std::span(packet.frame).subspan(start, kTcpBytes);
  const auto flags = std::to_integer<unsigned>(tcp[13]);
  if ((flags & kRst) != 0) return false;
  const std::uint32_t acknowledged =
      Load32(tcp, 4) + SegmentLength(tcp, flags, parsed.ip_end - start);
  const bool had_ack = (flags & kAck) != 0;
  Exchange(tcp, 0, 2);
  Store32(tcp, 4, had_ack ? Load32(tcp, 8) : 0);
  Store32(tcp, 8, had_ack ? 0 : acknowledged);
  Store16(tcp, 12,
          static_cast<std::uint16_t>(5U << 12 | kRst | (had_ack ? 0 : kAck)));
  Store32(tcp, 14, 0);  // window and checksum
  Store16(tcp, 18, 0);

  parsed.ip_end = static_cast<std::uint32_t>(start + kTcpBytes);
  if (IsIpv6(parsed)) {
    Store16(packet.frame, parsed.ip_offset + 4u, kTcpBytes);
  } else {
    Store16(packet.frame, parsed.ip_offset + 2u, kIpv4Bytes + kTcpBytes);
  }
  TurnRound(packet, parsed);
  return true;
}

}  // namespace

bool Reflect(Packet& packet) {
  const Parsed parsed = ParseFrame(packet.captured());
  if (!IsPlain(packet, parsed)) return false;
  switch (parsed.key.protocol) {
    case kIcmp:
    case kIcmpv6:
      return ReflectEcho(packet, parsed);
    case kUdp:
      return ReflectDatagram(packet, parsed);
    case kTcp:
      return ReflectSegment(packet, parsed);
    default:
      return false;
  }
}

}  // namespace lb::dataplane
