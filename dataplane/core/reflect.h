// Turns a packet into the answer its sender expects. Pure; any thread.
#ifndef LB_DATAPLANE_CORE_REFLECT_H_
#define LB_DATAPLANE_CORE_REFLECT_H_

#include "dataplane/core/packet.h"

namespace lb::dataplane {

// Makes of the frame, in place:
// - an ICMP or ICMPv6 echo request: the echo reply;
// - a UDP datagram: the same payload, addresses, ports and MACs exchanged (RFC
//   862, on every port);
// - a TCP segment: the reset that a closed port sends (RFC 9293, 3.10.7.1), so
//   that a client is refused at once;
// each with its checksums. True if the packet is to be sent now; false, and
// nothing changed, for all others: resets, other ICMP, SCTP, what is addressed
// to or from a group or nobody, fragments, IPv4 options, IPv6 extension
// headers, VLAN tags excepted, lengths that point past the frame, and what is
// no IP. A datagram or echo request that was cut short stays as it is, but
// gives true: it is to be counted as an answer that could not be sent.
bool Reflect(Packet& packet);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_REFLECT_H_
