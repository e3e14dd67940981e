// Where packets come from: a capture, a generator, an interface. A seam;
// implementations live in dataplane/io.
#ifndef LB_DATAPLANE_CORE_PACKET_SOURCE_H_
#define LB_DATAPLANE_CORE_PACKET_SOURCE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// Every method is called by the one dispatcher thread that reads the source.
class PacketSource {
 public:
  virtual ~PacketSource() = default;

  // Fills captured_bytes, wire_bytes and frame of the first n packets and
  // returns n; 0 when nothing is there right now or the source is exhausted.
  // Does not block.
  virtual std::size_t Receive(std::span<Packet* const> packets) = 0;

  // True once Receive() will never again return a packet.
  virtual bool exhausted() const = 0;

  // Why the source ended early, such as a capture cut off in the middle; OK
  // while it has not.
  virtual absl::Status status() const = 0;

  // A live source cannot wait: what finds a full ring is dropped and counted.
  // Any other source waits for room.
  virtual bool live() const = 0;

  // Packets the source itself dropped since it was opened.
  virtual std::uint64_t dropped() const = 0;

  // Blocks until a packet is likely there, or `limit` has passed.
  virtual void Wait(std::chrono::nanoseconds limit) = 0;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_SOURCE_H_
