// An AF_PACKET socket on an interface: what source and sink have in common.
#ifndef LB_DATAPLANE_IO_PACKET_SOCKET_H_
#define LB_DATAPLANE_IO_PACKET_SOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::dataplane {

struct PacketSocket {
  int descriptor = -1;           // the caller's
  unsigned interface_index = 0;  // of the interface named
};

// Not bound yet, so that it receives nothing. NOT_FOUND if there is no such
// interface, PERMISSION_DENIED without CAP_NET_RAW.
absl::StatusOr<PacketSocket> OpenPacketSocket(const std::string& name);

// `protocol` in host order; 0 receives nothing.
absl::Status BindPacketSocket(const PacketSocket& socket,
                              const std::string& name, std::uint16_t protocol);

// "interface NAME: WHAT: ..." from errno.
absl::Status InterfaceFailure(std::string_view name, std::string_view what);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_PACKET_SOCKET_H_
