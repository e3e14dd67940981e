// The Internet checksum (RFC 1071), of headers and whole packets. Pure; any
// thread.
#ifndef LB_DATAPLANE_CORE_CHECKSUM_H_
#define LB_DATAPLANE_CORE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/core/parser.h"

namespace lb::dataplane {

// Sum of 16-bit words; an odd last byte is the high half of one. Sums of
// several pieces, all but the last of an even size, may be added.
std::uint64_t ChecksumSum(std::span<const std::byte> bytes);

// What goes into the header: the sum folded to 16 bits and inverted.
std::uint16_t FoldChecksum(std::uint64_t sum);

// Writes the checksums of a packet whose addresses, ports or payload were
// changed, in full: what an interface sends is often captured before its own
// are filled in. IPv4, TCP, UDP (one that is absent stays so), ICMP; others are
// left alone. `parsed` is ParseFrame() of `frame`, with result kOk, and the IP
// packet must be there whole: parsed.ip_end <= frame.size(). Fragments and
// IPv6 packets with extension headers get their IP header's only.
void WriteChecksums(std::span<std::byte> frame, const Parsed& parsed);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CHECKSUM_H_
