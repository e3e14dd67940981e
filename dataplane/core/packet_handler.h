// What is done with a packet: the seam for programs that link the data plane.
#ifndef LB_DATAPLANE_CORE_PACKET_HANDLER_H_
#define LB_DATAPLANE_CORE_PACKET_HANDLER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// One handler per processor. Its methods are called under the processor's
// lock, by its worker or its timer thread, only for connections of buckets the
// processor owns; so it needs no lock for what belongs to a connection. A
// connection moves to another processor's handler together with
// Connection::handler_state; anything else a handler keeps must not be tied to
// a connection. Time spent here is charged to the connection.
class PacketHandler {
 public:
  virtual ~PacketHandler() = default;

  // Serves one packet. The packet's buffer is taken back afterwards.
  virtual void OnPacket(Connection& connection, Packet& packet) = 0;

  // The connection's deadline has passed. Returns how long the connection is
  // to live on, counted from now; nothing ends the connection, which is
  // forgotten after this call.
  virtual std::optional<std::chrono::milliseconds> OnTimer(
      Connection& connection) = 0;
};

// Makes the handler of one processor; called once per processor.
using PacketHandlerFactory =
    std::function<std::unique_ptr<PacketHandler>(ProcessorId)>;

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_HANDLER_H_
