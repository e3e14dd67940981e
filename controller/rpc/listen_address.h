// Where the API can listen: unix sockets in the run directory, and TCP. Checks
// that say what is wrong before anything is begun.
#ifndef LB_CONTROLLER_RPC_LISTEN_ADDRESS_H_
#define LB_CONTROLLER_RPC_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

struct TcpAddress {
  std::string host;  // an IP address
  std::uint16_t port = 0;

  std::string ToString() const;  // "127.0.0.1:7000", "[::1]:7000"
};

// "HOST:PORT" with HOST localhost or an address of IPv4, or of IPv6 in
// brackets; port 0 lets the kernel choose. INVALID_ARGUMENT for anything else.
absl::StatusOr<TcpAddress> ParseTcpAddress(std::string_view text);

// "HOST:PORT" with HOST localhost, 127.x.y.z or [::1]; port 0 lets the kernel
// choose. INVALID_ARGUMENT for anything else: plaintext stays on the machine.
absl::StatusOr<TcpAddress> ParseLoopback(std::string_view text);

// Whether a listener can be had there. ALREADY_EXISTS names the address that is
// taken and the way out. Another process may still take it afterwards.
absl::Status CheckTcpFree(const TcpAddress& address);
// The same for a unix socket; a stale one, left by a process that was killed,
// counts as free. INVALID_ARGUMENT if the path is too long for a socket.
absl::Status CheckSocketFree(const std::string& path);

// Makes the run directory, mode 0755, unless it is there.
absl::Status EnsureRunDirectory(const std::string& path);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_LISTEN_ADDRESS_H_
