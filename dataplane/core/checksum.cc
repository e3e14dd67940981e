#include "dataplane/core/checksum.h"

#include "dataplane/core/big_endian.h"
#include "dataplane/core/ip_header.h"

namespace lb::dataplane {
namespace {

// Where in its header a protocol keeps its checksum; 0: it has none like this.
std::size_t ChecksumOffset(std::uint8_t protocol) {
  switch (protocol) {
    case kTcp:
      return 16;
    case kUdp:
      return 6;
    case kIcmp:
    case kIcmpv6:
      return 2;
    default:
      return 0;
  }
}

// The pseudo-header (RFC 9293, RFC 8200): addresses, protocol, length.
std::uint64_t PseudoSum(std::span<const std::byte> frame, const Parsed& parsed,
                        std::size_t bytes) {
  const std::uint8_t protocol = parsed.key.protocol;
  if (protocol == kIcmp) return 0;
  const bool ipv6 = parsed.key.version == IpVersion::kIpv6;
  const std::size_t addresses = parsed.ip_offset + (ipv6 ? 8u : 12u);
  return ChecksumSum(frame.subspan(addresses, ipv6 ? 32 : 8)) + protocol +
         bytes;
}

}  // namespace

std::uint64_t ChecksumSum(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += Load16(bytes, i);
  if (i < bytes.size()) sum += std::to_integer<std::uint64_t>(bytes[i]) << 8;
  return sum;
}

std::uint16_t FoldChecksum(std::uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void WriteChecksums(std::span<std::byte> frame, const Parsed& parsed) {
  const bool ipv4 = parsed.key.version == IpVersion::kIpv4;
  if (ipv4) {
    const auto words = std::to_integer<std::size_t>(frame[parsed.ip_offset]);
    const auto header = frame.subspan(parsed.ip_offset, (words & 15) * 4);
    Store16(header, 10, 0);
    Store16(header, 10, FoldChecksum(ChecksumSum(header)));
  }
  const std::size_t offset = ChecksumOffset(parsed.key.protocol);
  const std::size_t start = parsed.transport_offset;
  if (offset == 0 || start == 0) return;
  if (!ipv4 && start != parsed.ip_offset + kIpv6Bytes) return;
  const bool udp = parsed.key.protocol == kUdp;
  const std::size_t bytes =
      udp ? Load16(frame, start + 4) : parsed.ip_end - start;
  const auto segment = frame.subspan(start, bytes);
  if (udp && ipv4 && Load16(segment, offset) == 0) return;
  Store16(segment, offset, 0);
  const std::uint16_t checksum =
      FoldChecksum(ChecksumSum(segment) + PseudoSum(frame, parsed, bytes));
  // Zero means that there is none (RFC 768).
  Store16(segment, offset, udp && checksum == 0 ? 0xffff : checksum);
}

}  // namespace lb::dataplane
