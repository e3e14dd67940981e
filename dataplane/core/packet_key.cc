#include "dataplane/core/packet_key.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "dataplane/core/ip_header.h"
#include "dataplane/core/parser.h"

namespace lb::dataplane {
namespace {

static_assert(std::endian::native == std::endian::little);

// Offsets into a usual frame.
constexpr std::size_t kEtherType = 12;  // and the IP header's first byte
constexpr std::size_t kIp = 14;
constexpr std::size_t kFragment = kIp + 6;
constexpr std::size_t kProtocol = kIp + 9;
constexpr std::size_t kAddresses = kIp + 12;
constexpr std::size_t kTransport = kIp + kIpv4Bytes;
constexpr std::size_t kUdpLength = kTransport + 4;
constexpr std::size_t kTcpOffset = kTransport + 12;
constexpr std::size_t kUsualBytes = kTransport + kTcpBytes;
constexpr std::uint32_t kUdpBytes = 8;

template <class T>
T Load(const std::byte* frame, std::size_t offset) {
  T value;
  std::memcpy(&value, frame + offset, sizeof(value));
  return value;
}

// What IPv4 writes at the end of a frame's first 15 bytes: type 0x0800, version
// 4, a header of 20 bytes.
constexpr std::uint32_t kIpv4WithoutOptions = 0x45'00'08;

// Whether the parser would say kOk of a frame that has the usual form. If not,
// it may still do so.
bool IsUsual(const std::byte* frame) {
  const auto start = Load<std::uint64_t>(frame, kEtherType);
  const auto fragment = Load<std::uint16_t>(frame, kFragment);
  if ((start & 0xff'ffff) != kIpv4WithoutOptions || (fragment & 0xff3f) != 0) {
    return false;
  }
  const std::uint32_t total =
      __builtin_bswap16(static_cast<std::uint16_t>(start >> 32));
  switch (Load<std::uint8_t>(frame, kProtocol)) {
    case kTcp: {
      const std::uint32_t header =
          (Load<std::uint8_t>(frame, kTcpOffset) >> 4) * 4U;
      return header >= kTcpBytes && kIpv4Bytes + header <= total;
    }
    case kUdp: {
      const std::uint32_t datagram =
          __builtin_bswap16(Load<std::uint16_t>(frame, kUdpLength));
      return datagram >= kUdpBytes && kIpv4Bytes + datagram <= total;
    }
    default:
      return false;
  }
}

// The bytes of a key of IPv4, in as few stores as they take: one packet's
// stores are what the next one waits for.
struct Ipv4Key {
  std::uint32_t source;  // as in the packet
  std::uint32_t destination;
  std::uint32_t ports;  // in host order, the source's low
  std::uint8_t protocol;
};

void Store(const Ipv4Key& from, FlowKey& to) {
  static_assert(offsetof(FlowKey, source) == 0);
  static_assert(offsetof(FlowKey, destination) == 16);
  static_assert(offsetof(FlowKey, source_port) == 32);
  static_assert(offsetof(FlowKey, destination_port) == 34);
  static_assert(offsetof(FlowKey, protocol) == 36);
  static_assert(offsetof(FlowKey, version) == 37);
  using Words = std::uint32_t __attribute__((vector_size(16)));
  auto* const bytes = reinterpret_cast<std::byte*>(&to);
  const Words source = {from.source, 0, 0, 0};
  const Words destination = {from.destination, 0, 0, 0};
  const auto rest = static_cast<std::uint16_t>(
      from.protocol | static_cast<unsigned>(IpVersion::kIpv4) << 8);
  std::memcpy(bytes, &source, sizeof(source));
  std::memcpy(bytes + 16, &destination, sizeof(destination));
  std::memcpy(bytes + 32, &from.ports, sizeof(from.ports));
  std::memcpy(bytes + 36, &rest, sizeof(rest));
}

// Which way round is a coin toss: no branch may depend on it.
void WriteUsual(Packet& packet, KeyForm form) {
  const std::byte* const frame = packet.frame.data();
  const auto addresses = Load<std::uint64_t>(frame, kAddresses);
  const std::uint32_t ports =
      __builtin_bswap32(Load<std::uint32_t>(frame, kTransport));
  // As numbers, to be compared; in both the source is the high half.
  const std::uint64_t ordered = __builtin_bswap64(addresses);
  const std::uint64_t source = (ordered >> 32) << 16 | ports >> 16;
  const std::uint64_t destination =
      (ordered & 0xffff'ffff) << 16 | (ports & 0xffff);
  const int reversed = static_cast<int>(destination < source) &
                       static_cast<int>(form == KeyForm::kCanonical);
  const std::uint64_t turned = std::rotl(addresses, 32 * reversed);
  packet.parse = ParseResult::kOk;
  packet.reversed = reversed != 0;
  Store({.source = static_cast<std::uint32_t>(turned),
         .destination = static_cast<std::uint32_t>(turned >> 32),
         .ports = std::rotl(ports, 16 - 16 * reversed),
         .protocol = Load<std::uint8_t>(frame, kProtocol)},
        packet.key);
}

[[gnu::noinline]] void WriteAny(Packet& packet, KeyForm form) {
  const Parsed parsed = ParseFrame(packet.captured());
  packet.parse = parsed.result;
  if (form == KeyForm::kCanonical) {
    packet.reversed = !IsCanonical(parsed.key);
    packet.key = Canonical(parsed.key);
  } else {
    packet.reversed = false;
    packet.key = parsed.key;
  }
}

}  // namespace

void WriteKeys(std::span<Packet* const> packets, KeyForm form) {
  for (Packet* packet : packets) {
    if (packet->captured_bytes >= kUsualBytes &&
        IsUsual(packet->frame.data())) {
      WriteUsual(*packet, form);
    } else {
      WriteAny(*packet, form);
    }
  }
}

}  // namespace lb::dataplane
