#include "common/flow_key.h"

#include <arpa/inet.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb {
namespace {

std::string FormatEndpoint(const Address& address, IpVersion version,
                           std::uint16_t port) {
  const std::string text = FormatAddress(address, version);
  return version == IpVersion::kIpv6 ? absl::StrCat("[", text, "]:", port)
                                     : absl::StrCat(text, ":", port);
}

std::string ProtocolName(std::uint8_t protocol) {
  switch (protocol) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_SCTP:
      return "sctp";
    case IPPROTO_ICMP:
      return "icmp";
    case IPPROTO_ICMPV6:
      return "icmpv6";
    default:
      return absl::StrCat("protocol-", protocol);
  }
}

}  // namespace

FlowKey Reversed(const FlowKey& key) {
  FlowKey reversed = key;
  std::swap(reversed.source, reversed.destination);
  std::swap(reversed.source_port, reversed.destination_port);
  return reversed;
}

absl::StatusOr<ParsedAddress> ParseAddress(std::string_view text) {
  const std::string terminated(text);
  ParsedAddress parsed;
  if (inet_pton(AF_INET, terminated.c_str(), parsed.address.data()) == 1) {
    parsed.version = IpVersion::kIpv4;
    return parsed;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), parsed.address.data()) == 1) {
    parsed.version = IpVersion::kIpv6;
    return parsed;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", terminated,
                   "\" is not an address; use one such as 192.0.2.1 or "
                   "2001:db8::1"));
}

std::string FormatAddress(const Address& address, IpVersion version) {
  if (version == IpVersion::kNone) return "none";
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(version == IpVersion::kIpv4 ? AF_INET : AF_INET6, address.data(),
            text.data(), text.size());
  return text.data();
}

std::string FormatFlowKey(const FlowKey& key) {
  if (key.version == IpVersion::kNone) return "unparsed";
  return absl::StrCat(
      ProtocolName(key.protocol), " ",
      FormatEndpoint(key.source, key.version, key.source_port), " > ",
      FormatEndpoint(key.destination, key.version, key.destination_port));
}

}  // namespace lb
