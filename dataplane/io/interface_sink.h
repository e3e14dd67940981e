// Sends frames out of a network interface, through an AF_PACKET socket. See
// PacketSink for the threads.
#ifndef LB_DATAPLANE_IO_INTERFACE_SINK_H_
#define LB_DATAPLANE_IO_INTERFACE_SINK_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "dataplane/core/packet_sink.h"

namespace lb::dataplane {

// Frames leave as they are, link-layer header included. What is longer than the
// interface's MTU, or finds it down or its queue full for 20 ms, is thrown
// away.
class InterfaceSink final : public PacketSink {
 public:
  // NOT_FOUND if there is no such interface, PERMISSION_DENIED without
  // CAP_NET_RAW.
  static absl::StatusOr<std::unique_ptr<InterfaceSink>> Open(
      const std::string& name);
  ~InterfaceSink() override;
  InterfaceSink(const InterfaceSink&) = delete;
  InterfaceSink& operator=(const InterfaceSink&) = delete;

  std::size_t Send(std::span<const Packet* const> packets) override;
  void Flush() override {}
  // Always OK: an interface that is down may come up again.
  absl::Status status() const override { return absl::OkStatus(); }

 private:
  explicit InterfaceSink(int socket) : socket_(socket) {}

  const int socket_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_INTERFACE_SINK_H_
