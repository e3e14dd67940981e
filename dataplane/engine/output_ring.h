// What a processor sends: a bounded ring from its worker to the output thread.
#ifndef LB_DATAPLANE_ENGINE_OUTPUT_RING_H_
#define LB_DATAPLANE_ENGINE_OUTPUT_RING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/core/packet.h"
#include "dataplane/engine/spsc_ring.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

class OutputRing;
using OutputRings = std::vector<std::unique_ptr<OutputRing>>;  // by processor

// Each with room for `capacity` entries, a power of two.
OutputRings MakeOutputRings(std::size_t processors, std::size_t capacity);

// A packet, or, where there is none, a mark: what ring `processor` holds before
// `stamp` goes first.
struct OutputEntry {
  std::uint64_t stamp = 0;  // of a packet: generation its processor had joined
  PacketIndex packet = kNoPacket;
  std::uint32_t processor = 0;
};

// A bucket's packets may wait in its old owner's ring when the new owner's are
// pushed. So the first push after a bucket was adopted marks how far the other
// rings had got by then. Everything in a ring before its mark happened before
// it, so marks never wait for each other in a circle.
class OutputRing {
 public:
  // See MakeOutputRings().
  OutputRing(std::size_t capacity, std::size_t processor,
             std::size_t processors)
      : ring_(capacity), processor_(processor), marked_(processors) {}

  // Worker. False, and nothing pushed, when there is no room. Visible to the
  // output thread after Publish().
  bool Push(PacketIndex packet, std::uint64_t generation) {
    return (others_ == nullptr || MarkOthers()) &&
           ring_.Push({generation, packet, 0});
  }

  // Worker. True if there was anything new; the output thread is to be woken.
  bool Publish() { return ring_.Publish(); }

  // Worker. It has become the owner of a bucket that others had before; the
  // rings of all outlive this one's use.
  void Adopted(const OutputRings& rings) { others_ = &rings; }

  // Worker. Whether the next Push() will find room.
  bool HasRoom() {
    return (others_ == nullptr || MarkOthers()) && ring_.HasRoom();
  }
  // Worker. Sleeps until there is room, or a millisecond has passed.
  void WaitForRoom();

  // Output thread.
  bool Pop(OutputEntry& entry) { return ring_.Pop({&entry, 1}) == 1; }
  bool EmptyForSleep() const { return ring_.EmptyForSleep(); }
  // After it has popped.
  void NotifyRoom() { room_.Notify(); }

  // Any thread; see SpscRing.
  std::uint64_t tail() const { return ring_.tail(); }
  std::uint64_t head() const { return ring_.head(); }

 private:
  bool MarkOthers();

  SpscRing<OutputEntry> ring_;
  const std::size_t processor_;
  Waiter room_;
  // The worker's.
  const OutputRings* others_ = nullptr;  // to be marked; null: no need
  std::vector<std::uint64_t> marked_;    // last mark, by processor
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_OUTPUT_RING_H_
