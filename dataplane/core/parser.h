// From the bytes of an Ethernet frame to the flow key. Pure; any thread.
#ifndef LB_DATAPLANE_CORE_PARSER_H_
#define LB_DATAPLANE_CORE_PARSER_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "common/flow_key.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

struct Parsed {
  ParseResult result = ParseResult::kOk;
  FlowKey key;  // as the packet has it; all zero unless result is kOk
  bool fragment = false;
};

// Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with up to eight
// extension headers, TCP, UDP, SCTP, ICMP (identifier as both ports; 0 where a
// message has none). Every fragment, the first too, has ports zero. Tunnels
// are not opened. Reads nothing past `frame`.
Parsed ParseFrame(std::span<const std::byte> frame);

// "ok", "not_ip", "truncated", ... in the order of the enum.
std::string_view ParseResultName(ParseResult result);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PARSER_H_
