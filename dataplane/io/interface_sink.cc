#include "dataplane/io/interface_sink.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/status.h"
#include "dataplane/io/packet_socket.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kMessages = 32;  // a system call

}  // namespace

absl::StatusOr<std::unique_ptr<InterfaceSink>> InterfaceSink::Open(
    const std::string& name) {
  LB_ASSIGN_OR_RETURN(const PacketSocket socket, OpenPacketSocket(name));
  std::unique_ptr<InterfaceSink> sink(new InterfaceSink(socket.descriptor));
  LB_RETURN_IF_ERROR(BindPacketSocket(socket, name, 0));
  const timeval patience{.tv_sec = 0, .tv_usec = 20'000};
  if (setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience,
                 sizeof(patience)) != 0) {
    return InterfaceFailure(name, "cannot limit the time to send");
  }
  return sink;
}

InterfaceSink::~InterfaceSink() { close(socket_); }

std::size_t InterfaceSink::Send(std::span<const Packet* const> packets) {
  std::array<iovec, kMessages> frames;
  std::array<mmsghdr, kMessages> messages{};
  std::size_t sent = 0;
  while (!packets.empty()) {
    const std::size_t n = std::min(packets.size(), kMessages);
    for (std::size_t i = 0; i < n; ++i) {
      const auto frame = packets[i]->captured();
      frames[i] = {const_cast<std::byte*>(frame.data()), frame.size()};
      messages[i].msg_hdr.msg_iov = &frames[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int done =
        sendmmsg(socket_, messages.data(), static_cast<unsigned>(n), 0);
    // -1 is about the first frame: that one is given up, whatever the reason.
    const std::size_t taken = done > 0 ? static_cast<std::size_t>(done) : 0;
    sent += taken;
    packets = packets.subspan(std::max<std::size_t>(taken, 1));
  }
  return sent;
}

}  // namespace lb::dataplane
