#include "dataplane/engine/packet_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>

namespace lb::dataplane {

std::unique_ptr<Packet, PacketPool::FreeAligned> PacketPool::Allocate(
    std::size_t size) {
  const std::size_t bytes = size * sizeof(Packet);
  auto* const packets = static_cast<Packet*>(::operator new(bytes, kAlignment));
  // Only a hint, given before the memory is touched.
  static_cast<void>(::madvise(packets, bytes, MADV_HUGEPAGE));
  std::uninitialized_default_construct_n(packets, size);
  return std::unique_ptr<Packet, FreeAligned>(packets);
}

PacketPool::PacketPool(std::size_t dispatchers, std::size_t returners,
                       std::uint32_t share)
    : dispatchers_(dispatchers),
      returners_(returners),
      share_(share),
      share_shift_(static_cast<unsigned>(std::countr_zero(share))),
      size_(dispatchers * share),
      packets_(Allocate(size_)),
      free_(dispatchers) {
  for (std::size_t d = 0; d < dispatchers; ++d) {
    free_[d].packets.reserve(share);
    for (std::uint32_t i = share; i > 0; --i) {
      const auto packet = static_cast<PacketIndex>(d * share + i - 1);
      packets()[packet].dispatcher = static_cast<std::uint16_t>(d);
      free_[d].packets.push_back(packet);
    }
    for (std::size_t r = 0; r < returners; ++r) {
      homes_.push_back(std::make_unique<SpscRing<PacketIndex>>(share));
    }
  }
}

void PacketPool::TakeIn(std::size_t d) {
  std::vector<PacketIndex>& free = free_[d].packets;
  std::array<PacketIndex, 64> returned;
  for (std::size_t r = 0; r < returners_; ++r) {
    while (const std::size_t n = home(d, r).Pop(returned)) {
      free.insert(free.end(), returned.begin(),
                  returned.begin() + static_cast<std::ptrdiff_t>(n));
    }
  }
}

std::size_t PacketPool::Take(std::size_t d, std::span<PacketIndex> out) {
  std::vector<PacketIndex>& free = free_[d].packets;
  if (free.size() < out.size() || ++free_[d].takes % kTakesPerLook == 0) {
    TakeIn(d);
  }
  const std::size_t n = std::min(out.size(), free.size());
  std::copy(free.end() - static_cast<std::ptrdiff_t>(n), free.end(),
            out.begin());
  free.resize(free.size() - n);
  return n;
}

void PacketPool::PutBack(std::size_t d, std::span<const PacketIndex> unused) {
  std::vector<PacketIndex>& free = free_[d].packets;
  free.insert(free.end(), unused.begin(), unused.end());
}

void PacketPool::Flush(std::size_t r) {
  for (std::size_t d = 0; d < dispatchers_; ++d) home(d, r).Publish();
}

std::size_t PacketPool::free_packets() const {
  std::size_t sum = 0;
  for (const Free& free : free_) sum += free.packets.size();
  for (const auto& home : homes_) sum += home->tail() - home->head();
  return sum;
}

}  // namespace lb::dataplane
