// A first-in first-out list of packets, linked through Packet::next. Plain
// data; a packet is in one list at a time. Used for a connection's queue and
// wherever packets wait in order.
#ifndef LB_DATAPLANE_CORE_PACKET_LIST_H_
#define LB_DATAPLANE_CORE_PACKET_LIST_H_

#include <cassert>
#include <cstdint>

#include "dataplane/core/packet.h"

namespace lb::dataplane {

// `packets` is always the base of the pool that the indices are of. O(1)
// except where stated; nothing allocates.
class PacketList {
 public:
  bool empty() const { return size_ == 0; }
  std::uint32_t size() const { return size_; }

  // The oldest packet, kNoPacket if there is none.
  PacketIndex front() const { return head_; }

  // The newest packet; the list must not be empty.
  PacketIndex back() const { return tail_; }

  // Appends a packet that is in no list.
  void Push(Packet* packets, PacketIndex packet) {
    packets[packet].next = kNoPacket;
    if (size_ == 0) {
      head_ = packet;
    } else {
      packets[tail_].next = packet;
    }
    tail_ = packet;
    ++size_;
  }

  // Takes the oldest packet out. Must not be empty.
  PacketIndex Pop(Packet* packets) {
    assert(size_ > 0);
    const PacketIndex packet = head_;
    head_ = packets[packet].next;
    --size_;
    return packet;
  }

  // Appends all of `other`, in order, and leaves it empty.
  void Append(Packet* packets, PacketList& other) {
    if (other.empty()) return;
    if (empty()) {
      head_ = other.head_;
    } else {
      packets[tail_].next = other.head_;
    }
    tail_ = other.tail_;
    size_ += other.size_;
    other = PacketList{};
  }

 private:
  PacketIndex head_ = kNoPacket;
  PacketIndex tail_ = kNoPacket;  // undefined when empty
  std::uint32_t size_ = 0;
};
static_assert(sizeof(PacketList) == 12);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_LIST_H_
