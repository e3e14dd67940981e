#include "dataplane/io/client_address.h"

#include "dataplane/core/big_endian.h"
#include "dataplane/core/checksum.h"
#include "dataplane/core/parser.h"

namespace lb::dataplane {
namespace {

constexpr std::uint32_t kStep24 = 0x9e3779;
constexpr std::uint32_t kStep32 = 0x9e3779b1;

// RFC 1624, equation 3: the checksum after 32 covered bits changed.
std::uint16_t UpdateChecksum(std::uint32_t checksum, std::uint32_t before,
                             std::uint32_t after) {
  return FoldChecksum(std::uint64_t{~checksum & 0xffff} +
                      (~before >> 16 & 0xffff) + (~before & 0xffff) +
                      (after >> 16) + (after & 0xffff));
}

}  // namespace

ClientAddress FindClient(std::span<const std::byte> frame) {
  const Parsed parsed = ParseFrame(frame);
  if (parsed.result != ParseResult::kOk) return {};
  const FlowKey& key = parsed.key;
  const bool source = key.source_port != key.destination_port
                          ? key.source_port > key.destination_port
                          : key.source < key.destination;
  const bool ipv6 = key.version == IpVersion::kIpv6;
  // IPv6: the last four bytes of the address.
  const int offset = ipv6 ? (source ? 8 : 24) + 12 : (source ? 12 : 16);
  return {static_cast<std::uint8_t>(parsed.ip_offset + offset),
          static_cast<std::uint8_t>(ipv6 ? 0 : parsed.ip_offset + 10)};
}

void ShiftClient(std::span<std::byte> frame, ClientAddress client,
                 std::uint64_t round) {
  if (client.address == 0) return;
  const std::uint32_t before = Load32(frame, client.address);
  const auto times = static_cast<std::uint32_t>(round);
  const bool ipv6 = client.checksum == 0;
  const std::uint32_t mask = ipv6 ? 0xffff'ffff : 0x00ff'ffff;
  const std::uint32_t moved = before + times * (ipv6 ? kStep32 : kStep24);
  const std::uint32_t after = (before & ~mask) | (moved & mask);
  Store32(frame, client.address, after);
  if (ipv6) return;
  const std::uint32_t checksum = Load16(frame, client.checksum);
  Store16(frame, client.checksum, UpdateChecksum(checksum, before, after));
}

}  // namespace lb::dataplane
