#include "common/controller_target.h"

#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/flow_key.h"
#include "common/status.h"

namespace lb {
namespace {

constexpr std::size_t kMaxHostName = 253;
constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

template <class... Parts>
absl::Status Invalid(std::string_view text, const Parts&... parts) {
  return absl::InvalidArgumentError(
      absl::StrCat("controller \"", ToAbsl(text), "\" ", parts...));
}

absl::StatusOr<std::string> UnixTarget(std::string_view text) {
  const std::string_view path = text.substr(5);
  if (path.empty() || path.size() > kMaxSocketPath) {
    return Invalid(text, "needs a path of 1 to ", kMaxSocketPath,
                   " bytes after \"unix:\"");
  }
  return std::string(text);
}

struct HostAndPort {
  std::string_view host;   // without brackets
  bool bracketed = false;  // as IPv6 addresses must be
  std::uint32_t port = 0;
};

absl::StatusOr<HostAndPort> SplitTcpTarget(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  HostAndPort target;
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &target.port) ||
      target.port < 1 || target.port > 65'535) {
    return Invalid(text, "is not a target; use unix:PATH or HOST:PORT");
  }
  target.host = text.substr(0, colon);
  target.bracketed = target.host.size() > 2 && target.host.front() == '[' &&
                     target.host.back() == ']';
  if (target.bracketed) {
    target.host = target.host.substr(1, target.host.size() - 2);
  }
  return target;
}

bool IsHostName(std::string_view name) {
  return name.size() <= kMaxHostName && name.front() != '.' &&
         name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '.' || c == '-';
         });
}

}  // namespace

absl::StatusOr<std::string> ParseControllerTarget(std::string_view text,
                                                  PlaintextTcp tcp) {
  if (text.substr(0, 5) == "unix:") return UnixTarget(text);
  LB_ASSIGN_OR_RETURN(HostAndPort target, SplitTcpTarget(text));
  if (tcp == PlaintextTcp::kRefused) {
    return Invalid(
        text,
        "is TCP, which is plaintext; use unix:PATH, give --tls-cert and "
        "its like for TLS, or add --insecure-loopback");
  }
  if (target.host == "localhost") target.host = "127.0.0.1";
  const auto address = ParseAddress(target.host);
  if (address.ok() && address->version == IpVersion::kIpv4 &&
      !target.bracketed && address->address[0] == 127) {
    return absl::StrCat("ipv4:", ToAbsl(target.host), ":", target.port);
  }
  const Address loopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address.ok() && target.bracketed && address->address == loopback6) {
    return absl::StrCat("ipv6:[::1]:", target.port);
  }
  return Invalid(text,
                 "is not on loopback, and plaintext TCP never leaves the "
                 "machine; use unix:PATH, 127.0.0.1:PORT or [::1]:PORT, or "
                 "--tls-cert and its like for TLS");
}

absl::StatusOr<std::string> ParseTlsTarget(std::string_view text) {
  if (text.substr(0, 5) == "unix:") {
    return Invalid(text,
                   "is a unix socket, which its file's mode guards; leave "
                   "--tls-cert and its like out, or use HOST:PORT");
  }
  LB_ASSIGN_OR_RETURN(const HostAndPort target, SplitTcpTarget(text));
  const auto address = ParseAddress(target.host);
  if (address.ok() &&
      (address->version == IpVersion::kIpv6) == target.bracketed) {
    return target.bracketed
               ? absl::StrCat("ipv6:[", ToAbsl(target.host), "]:", target.port)
               : absl::StrCat("ipv4:", ToAbsl(target.host), ":", target.port);
  }
  if (target.bracketed || address.ok() || !IsHostName(target.host)) {
    return Invalid(text,
                   "names no host; use a name, an IPv4 address, or an IPv6 "
                   "address in brackets before the port");
  }
  return absl::StrCat("dns:///", ToAbsl(target.host), ":", target.port);
}

bool NobodyListens(std::string_view why) {
  return absl::StrContains(ToAbsl(why), "Failed to connect to remote host") ||
         absl::StrContains(ToAbsl(why), "DNS resolution failed");
}

}  // namespace lb
