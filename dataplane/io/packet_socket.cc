#include "dataplane/io/packet_socket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::dataplane {

absl::Status InterfaceFailure(std::string_view name, std::string_view what) {
  return ErrnoStatus(
      errno, absl::StrCat("interface ", ToAbsl(name), ": ", ToAbsl(what)));
}

absl::StatusOr<PacketSocket> OpenPacketSocket(const std::string& name) {
  const unsigned index = if_nametoindex(name.c_str());
  if (index == 0) {
    return absl::NotFoundError(
        absl::StrCat("interface ", name,
                     " does not exist; \"ip link\" lists those that do"));
  }
  // Protocol 0: nothing is received before the socket is bound.
  const int descriptor = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (descriptor < 0 && (errno == EPERM || errno == EACCES)) {
    return absl::PermissionDeniedError(absl::StrCat(
        "interface ", name,
        " cannot be opened without CAP_NET_RAW; run as root or grant it with "
        "setcap cap_net_raw+ep PROGRAM"));
  }
  if (descriptor < 0) {
    return InterfaceFailure(name, "cannot make a packet socket");
  }
  return PacketSocket{descriptor, index};
}

absl::Status BindPacketSocket(const PacketSocket& socket,
                              const std::string& name, std::uint16_t protocol) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = static_cast<int>(socket.interface_index);
  if (bind(socket.descriptor, reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0) {
    return InterfaceFailure(name, "cannot be bound to");
  }
  return absl::OkStatus();
}

}  // namespace lb::dataplane
