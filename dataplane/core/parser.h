// From the bytes of an Ethernet frame to the flow key. Pure; any thread.
#ifndef LB_DATAPLANE_CORE_PARSER_H_
#define LB_DATAPLANE_CORE_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/flow_key.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

struct Parsed {
  ParseResult result = ParseResult::kOk;
  FlowKey key;  // as the packet has it; all zero unless result is kOk
  bool fragment = false;
  // Where headers start, from the frame's start; 0 unless result is kOk.
  std::uint8_t ip_offset = 0;
  std::uint16_t transport_offset = 0;  // TCP, UDP, ...; 0 for fragments
  // Where the IP packet ends by its own word, perhaps past the frame.
  std::uint32_t ip_end = 0;
};

// Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with up to eight
// extension headers, TCP, UDP, SCTP, ICMP (identifier as both ports; 0 where a
// message has none). Every fragment, the first too, has ports zero. Tunnels
// are not opened. Reads nothing past `frame`.
//
// `frame` may be cut short by the capture, so a length that points past it is
// no contradiction. What is read of a header is its fixed part (TCP 20 bytes,
// UDP 8, SCTP 12, ICMP 8 with an identifier, else 4); if that goes on past
// `frame` the result is kTruncated, if it goes on past the length the IP header
// states it is kBadHeader, and kBadHeader wins. Bytes behind the IP packet are
// padding. An IPv6 fragment header without fragments (RFC 6946) is no fragment.
// IPv6 jumbograms are kBadHeader.
Parsed ParseFrame(std::span<const std::byte> frame);

// "ok", "not_ip", "truncated", ... in the order of the enum.
std::string_view ParseResultName(ParseResult result);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PARSER_H_
