#include "common/controller_target.h"

#include <sys/un.h>

#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/flow_key.h"
#include "common/status.h"

namespace lb {
namespace {

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

}  // namespace

absl::StatusOr<std::string> ParseControllerTarget(std::string_view text,
                                                  PlaintextTcp tcp) {
  if (text.substr(0, 5) == "unix:") return UnixTarget(text);
  const std::size_t colon = text.rfind(':');
  std::uint32_t port = 0;
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &port) || port < 1 ||
      port > 65'535) {
    return Invalid(text, "is not a target; use unix:PATH or HOST:PORT");
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (tcp == PlaintextTcp::kRefused) {
    return Invalid(text,
                   "is TCP, which is plaintext; use unix:PATH, or add "
                   "--insecure-loopback");
  }
  if (host == "localhost") host = "127.0.0.1";
  const auto address = ParseAddress(host);
  if (address.ok() && address->version == IpVersion::kIpv4 && !bracketed &&
      address->address[0] == 127) {
    return absl::StrCat("ipv4:", ToAbsl(host), ":", port);
  }
  const Address loopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (address.ok() && bracketed && address->address == loopback6) {
    return absl::StrCat("ipv6:[::1]:", port);
  }
  return Invalid(text,
                 "is not on loopback, and plaintext TCP never leaves the "
                 "machine; use unix:PATH, 127.0.0.1:PORT or [::1]:PORT");
}

}  // namespace lb
