// The key that names a connection: protocol, two addresses, two ports.
// Pure values; any thread.
#ifndef LB_COMMON_FLOW_KEY_H_
#define LB_COMMON_FLOW_KEY_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/int128.h"

namespace lb {

enum class IpVersion : std::uint8_t { kNone = 0, kIpv4 = 4, kIpv6 = 6 };

// 16 bytes in network order; IPv4 uses the first 4, the rest is zero.
using Address = std::array<std::uint8_t, 16>;

// kNone with everything zero is the key of packets that cannot be parsed.
struct FlowKey {
  Address source{};
  Address destination{};
  std::uint16_t source_port = 0;  // host order
  std::uint16_t destination_port = 0;
  std::uint8_t protocol = 0;  // IANA number: 6 TCP, 17 UDP, ...
  IpVersion version = IpVersion::kNone;

  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};
static_assert(sizeof(FlowKey) == 38);

// The other direction's key.
FlowKey Reversed(const FlowKey& key);

// One key for both directions of a connection: the one whose (source, source
// port) is not greater, in byte order, than its (destination, port). Defined
// here for the packet path.
FlowKey Canonical(const FlowKey& key);

// True if Canonical(key) is key itself.
bool IsCanonical(const FlowKey& key);

struct ParsedAddress {
  Address address{};
  IpVersion version = IpVersion::kNone;
};

// "192.0.2.1" or "2001:db8::1"; INVALID_ARGUMENT for anything else.
absl::StatusOr<ParsedAddress> ParseAddress(std::string_view text);

std::string FormatAddress(const Address& address, IpVersion version);

// "tcp 192.0.2.1:80 > 198.51.100.7:4000", IPv6 addresses in brackets.
std::string FormatFlowKey(const FlowKey& key);

namespace internal {

inline Uint128 BigEndian(const Address& address) {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.data(), 8);
  std::memcpy(&low, address.data() + 8, 8);
  static_assert(std::endian::native == std::endian::little);
  return static_cast<Uint128>(__builtin_bswap64(high)) << 64 |
         __builtin_bswap64(low);
}

}  // namespace internal

// Which way round is a coin toss: no branch may depend on it.
inline bool IsCanonical(const FlowKey& key) {
  const Uint128 source = internal::BigEndian(key.source);
  const Uint128 destination = internal::BigEndian(key.destination);
  return !(static_cast<int>(destination < source) |
           (static_cast<int>(destination == source) &
            static_cast<int>(key.destination_port < key.source_port)));
}

inline FlowKey Canonical(const FlowKey& key) {
  const std::array<const Address*, 2> addresses = {&key.source,
                                                   &key.destination};
  const std::array<std::uint16_t, 2> ports = {key.source_port,
                                              key.destination_port};
  const std::size_t first = IsCanonical(key) ? 0 : 1;
  return {*addresses[first], *addresses[1 - first], ports[first],
          ports[1 - first],  key.protocol,          key.version};
}

}  // namespace lb

#endif  // LB_COMMON_FLOW_KEY_H_
