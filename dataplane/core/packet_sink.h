// Where packets go that a handler sends: an interface, a capture file. A seam;
// implementations live in dataplane/io.
#ifndef LB_DATAPLANE_CORE_PACKET_SINK_H_
#define LB_DATAPLANE_CORE_PACKET_SINK_H_

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// Every method is called by the data plane's one output thread.
class PacketSink {
 public:
  virtual ~PacketSink() = default;

  // Sends the packets' frames in this order and returns how many it could; the
  // others are thrown away. May block for milliseconds. Keeps no pointer.
  virtual std::size_t Send(std::span<const Packet* const> packets) = 0;

  // Nothing is left to send for the moment: what was buffered goes out.
  virtual void Flush() = 0;

  // Why the sink no longer takes packets, such as a full disk; OK while it
  // does.
  virtual absl::Status status() const = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_SINK_H_
