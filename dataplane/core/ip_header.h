// Numbers of Ethernet and IP that the parser, checksums, answers and generated
// frames share.
#ifndef LB_DATAPLANE_CORE_IP_HEADER_H_
#define LB_DATAPLANE_CORE_IP_HEADER_H_

#include <cstddef>
#include <cstdint>

namespace lb::dataplane {

// Ethernet: its header up to an IP header, and what each VLAN tag adds.
inline constexpr std::size_t kEthernetBytes = 14;
inline constexpr std::size_t kVlanTagBytes = 4;

// Headers without options.
inline constexpr std::size_t kIpv4Bytes = 20;
inline constexpr std::size_t kIpv6Bytes = 40;
inline constexpr std::size_t kTcpBytes = 20;

// IANA protocol numbers.
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmpv6 = 58;

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_IP_HEADER_H_
