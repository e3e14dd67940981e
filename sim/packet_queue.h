// The seam between a simulated processor and the order in which it serves.
// One thread; times are of the simulation.
#ifndef LB_SIM_PACKET_QUEUE_H_
#define LB_SIM_PACKET_QUEUE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/core/packet_list.h"
#include "sim/connection_book.h"
#include "sim/packet_store.h"
#include "sim/scenario.h"

namespace lb::sim {

class PacketQueue {
 public:
  virtual ~PacketQueue() = default;

  // Lets a packet wait. When that is one too many, returns the one to drop,
  // which may be the one just given; else kNoPacket.
  virtual PacketIndex Enqueue(PacketIndex packet) = 0;

  // Takes out the packet to serve next, which is charged to its connection at
  // once; kNoPacket if nothing waits. To be called when the one before is
  // done, also if nothing waits.
  virtual PacketIndex Next() = 0;

  // A bucket with these connections leaves. What waits for it goes into
  // `taken`, or stays with the connections' records.
  virtual void Release(BucketId bucket,
                       std::span<const ConnectionIndex> connections,
                       dataplane::PacketList& taken) = 0;

  // A released bucket comes, with what was taken, which is left empty. Drops
  // nothing: the limit may be exceeded until the next packets arrive.
  virtual void Adopt(std::span<const ConnectionIndex> connections,
                     dataplane::PacketList& taken) = 0;

  virtual std::uint32_t packets() const = 0;
};

// The data plane's own dataplane::FairQueue, with a turn per connection. The
// stores outlive the queue.
std::unique_ptr<PacketQueue> MakeFairQueue(const Scenario& scenario,
                                           PacketStore& packets,
                                           ConnectionBook& connections);

// First in, first out, and what finds the buffer full is dropped.
std::unique_ptr<PacketQueue> MakeFifoQueue(const Scenario& scenario,
                                           PacketStore& packets,
                                           ConnectionBook& connections);

}  // namespace lb::sim

#endif  // LB_SIM_PACKET_QUEUE_H_
