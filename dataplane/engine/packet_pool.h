// The packet buffers: allocated once, handed from dispatcher to processor and
// back without a lock.
#ifndef LB_DATAPLANE_ENGINE_PACKET_POOL_H_
#define LB_DATAPLANE_ENGINE_PACKET_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "dataplane/core/packet.h"
#include "dataplane/engine/spsc_ring.h"

namespace lb::dataplane {

// Every dispatcher owns an equal share of the buffers. A buffer that is done
// with goes home through the ring (returner, dispatcher), which has room for
// the dispatcher's whole share and so is never full. Returners are threads: the
// processors' workers and the output thread.
class PacketPool {
 public:
  // `share` buffers for each dispatcher; a power of two.
  PacketPool(std::size_t dispatchers, std::size_t returners,
             std::uint32_t share);

  std::size_t size() const { return size_; }
  std::span<Packet> packets() { return {packets_.get(), size_}; }
  std::uint32_t share() const { return share_; }

  // Dispatcher `d` only: takes up to out.size() free buffers, those that came
  // home last first: they are still in a cache.
  std::size_t Take(std::size_t d, std::span<PacketIndex> out);
  // Dispatcher `d` only: gives unused buffers of its own back.
  void PutBack(std::size_t d, std::span<const PacketIndex> unused);

  // Returner `r` only: sends a buffer home. Visible after Flush(r).
  void Return(std::size_t r, PacketIndex packet) {
    // The ring holds a whole share, so the push always finds room.
    home(packet >> share_shift_, r).Push(packet);
  }
  void Flush(std::size_t r);

  // Buffers that are free or on their way home; only when no thread uses the
  // pool.
  std::size_t free_packets() const;

 private:
  // Aligned to huge pages: small ones cost a TLB miss per packet.
  static constexpr std::align_val_t kAlignment{2 << 20};
  struct FreeAligned {
    void operator()(Packet* packets) const {
      ::operator delete(packets, kAlignment);
    }
  };
  // The free buffers of a dispatcher, last in first out.
  struct Free {
    std::vector<PacketIndex> packets;
    std::uint32_t takes = 0;
  };

  static std::unique_ptr<Packet, FreeAligned> Allocate(std::size_t size);

  SpscRing<PacketIndex>& home(std::size_t d, std::size_t r) {
    return *homes_[d * returners_ + r];
  }
  // Takes in what was sent home to `d`.
  void TakeIn(std::size_t d);

  // Calls of Take() between looks at the homes. Often enough that the buffers
  // in use stay few, seldom enough that looking costs nothing.
  static constexpr std::uint32_t kTakesPerLook = 16;

  const std::size_t dispatchers_;
  const std::size_t returners_;
  const std::uint32_t share_;
  const unsigned share_shift_;
  const std::size_t size_;
  const std::unique_ptr<Packet, FreeAligned> packets_;  // an array
  std::vector<Free> free_;                              // by dispatcher
  std::vector<std::unique_ptr<SpscRing<PacketIndex>>> homes_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_PACKET_POOL_H_
