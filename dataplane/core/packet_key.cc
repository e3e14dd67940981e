#include "dataplane/core/packet_key.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "common/int128.h"
#include "dataplane/core/ip_header.h"
#include "dataplane/core/parser.h"

namespace lb::dataplane {
namespace {

static_assert(std::endian::native == std::endian::little);

// Words of a header as they lie in memory.
constexpr std::uint16_t kReadIpv4 = 0x0008;
constexpr std::uint16_t kReadIpv6 = 0xdd86;
constexpr std::uint16_t kEtherVlan = 0x0081;

constexpr std::size_t kUdpBytes = 8;

template <class T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
std::uint32_t Number(const std::byte* from) {
  return __builtin_bswap16(Load<std::uint16_t>(from));
}

// Whether the parser would say kOk of a TCP or UDP header in a packet with
// `bytes` from there on, of which `captured`, 8 at least, were captured.
bool IsUsualTransport(const std::byte* transport, std::uint8_t protocol,
                      std::size_t bytes, std::size_t captured) {
  if (protocol == kTcp && captured >= kTcpBytes) {
    const std::size_t header =
        (Load<std::uint8_t>(transport + 12) >> 4) * std::size_t{4};
    return header >= kTcpBytes && header <= bytes;
  }
  const std::uint32_t datagram = Number(transport + 4);
  return protocol == kUdp && datagram >= kUdpBytes && datagram <= bytes;
}

// The same of the headers from `ip` on; if not, it may still do so. `captured`
// is from there on, too.
bool IsUsualIpv4(const std::byte* ip, std::size_t captured) {
  if (captured < kIpv4Bytes + kUdpBytes) return false;
  if (Load<std::uint8_t>(ip) != 0x45) return false;               // options
  if ((Load<std::uint16_t>(ip + 6) & 0xff3f) != 0) return false;  // fragment
  const std::uint32_t total = Number(ip + 2);
  return total >= kIpv4Bytes &&
         IsUsualTransport(ip + kIpv4Bytes, Load<std::uint8_t>(ip + 9),
                          total - kIpv4Bytes, captured - kIpv4Bytes);
}
bool IsUsualIpv6(const std::byte* ip, std::size_t captured) {
  return captured >= kIpv6Bytes + kUdpBytes &&
         Load<std::uint8_t>(ip) >> 4 == 6 &&
         IsUsualTransport(ip + kIpv6Bytes, Load<std::uint8_t>(ip + 6),
                          Number(ip + 4), captured - kIpv6Bytes);
}

// The bytes of a key, in as few stores as they take: one packet's stores are
// what the next one waits for.
template <class Half>
void Store(const Half& source, const Half& destination, std::uint32_t ports,
           std::uint8_t protocol, IpVersion version, FlowKey& to) {
  static_assert(sizeof(Half) == sizeof(Address));
  static_assert(offsetof(FlowKey, source) == 0);
  static_assert(offsetof(FlowKey, destination) == 16);
  static_assert(offsetof(FlowKey, source_port) == 32);
  static_assert(offsetof(FlowKey, destination_port) == 34);
  static_assert(offsetof(FlowKey, protocol) == 36);
  static_assert(offsetof(FlowKey, version) == 37);
  auto* const bytes = reinterpret_cast<std::byte*>(&to);
  const auto rest = static_cast<std::uint16_t>(
      protocol | static_cast<unsigned>(version) << 8);
  std::memcpy(bytes, &source, sizeof(source));
  std::memcpy(bytes + 16, &destination, sizeof(destination));
  std::memcpy(bytes + 32, &ports, sizeof(ports));
  std::memcpy(bytes + 36, &rest, sizeof(rest));
}

// Which way round is a coin toss: no branch may depend on it.
int Turns(KeyForm form, bool destination_is_less) {
  return static_cast<int>(destination_is_less) &
         static_cast<int>(form == KeyForm::kCanonical);
}
// Source and destination port, host order: the source's low, or high if turned.
std::uint32_t TurnPorts(std::uint32_t ports, int turned) {
  return std::rotl(ports, 16 - 16 * turned);
}

void WriteIpv4(const std::byte* ip, Packet& packet, KeyForm form) {
  const auto addresses = Load<std::uint64_t>(ip + 12);
  const std::uint32_t ports =
      __builtin_bswap32(Load<std::uint32_t>(ip + kIpv4Bytes));
  // As numbers, to be compared; in both the source is the high half.
  const std::uint64_t ordered = __builtin_bswap64(addresses);
  const std::uint64_t source = (ordered >> 32) << 16 | ports >> 16;
  const std::uint64_t destination =
      (ordered & 0xffff'ffff) << 16 | (ports & 0xffff);
  const int turned = Turns(form, destination < source);
  const std::uint64_t halves = std::rotl(addresses, 32 * turned);
  packet.reversed = turned != 0;
  using Half = std::uint32_t __attribute__((vector_size(16)));
  Store(Half{static_cast<std::uint32_t>(halves), 0, 0, 0},
        Half{static_cast<std::uint32_t>(halves >> 32), 0, 0, 0},
        TurnPorts(ports, turned), Load<std::uint8_t>(ip + 9), IpVersion::kIpv4,
        packet.key);
}

void WriteIpv6(const std::byte* ip, Packet& packet, KeyForm form) {
  using Half = std::array<std::uint64_t, 2>;
  auto source = Load<Half>(ip + 8);
  auto destination = Load<Half>(ip + 24);
  const std::uint32_t ports =
      __builtin_bswap32(Load<std::uint32_t>(ip + kIpv6Bytes));
  const auto number = [](const Half& half) {
    return Uint128{__builtin_bswap64(half[0])} << 64 |
           __builtin_bswap64(half[1]);
  };
  const Uint128 from = number(source);
  const Uint128 to = number(destination);
  const bool less =
      static_cast<bool>(static_cast<int>(to < from) |
                        (static_cast<int>(to == from) &
                         static_cast<int>((ports & 0xffff) < ports >> 16)));
  const int turned = Turns(form, less);
  const std::uint64_t mask = -static_cast<std::uint64_t>(turned);
  for (std::size_t i = 0; i < source.size(); ++i) {
    const std::uint64_t change = (source[i] ^ destination[i]) & mask;
    source[i] ^= change;
    destination[i] ^= change;
  }
  packet.reversed = turned != 0;
  Store(source, destination, TurnPorts(ports, turned),
        Load<std::uint8_t>(ip + 6), IpVersion::kIpv6, packet.key);
}

// False, and nothing written, if the frame is not of the usual kind.
bool WriteUsual(Packet& packet, KeyForm form) {
  const std::byte* ip = packet.frame.data() + kEthernetBytes;
  std::size_t captured = packet.captured_bytes;
  if (captured < kEthernetBytes + kVlanTagBytes) return false;
  captured -= kEthernetBytes;
  auto type = Load<std::uint16_t>(ip - 2);
  if (type == kEtherVlan) {
    ip += kVlanTagBytes;
    captured -= kVlanTagBytes;
    type = Load<std::uint16_t>(ip - 2);
  }
  if (type == kReadIpv4 && IsUsualIpv4(ip, captured)) {
    WriteIpv4(ip, packet, form);
  } else if (type == kReadIpv6 && IsUsualIpv6(ip, captured)) {
    WriteIpv6(ip, packet, form);
  } else {
    return false;
  }
  packet.parse = ParseResult::kOk;
  return true;
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

KeyForm KeyFormFor(const FlowHash& hash) {
  return hash.kind() == HashKind::kSipHash || hash.symmetric()
             ? KeyForm::kCanonical
             : KeyForm::kAsIs;
}

void WriteKeys(std::span<Packet* const> packets, KeyForm form) {
  for (Packet* packet : packets) {
    if (!WriteUsual(*packet, form)) WriteAny(*packet, form);
  }
}

}  // namespace lb::dataplane
