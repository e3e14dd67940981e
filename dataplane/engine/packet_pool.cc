#include "dataplane/engine/packet_pool.h"

#include <algorithm>
#include <array>
#include <bit>

namespace lb::dataplane {

PacketPool::PacketPool(std::size_t dispatchers, std::size_t returners,
                       std::uint32_t share)
    : dispatchers_(dispatchers),
      returners_(returners),
      share_(share),
      share_shift_(static_cast<unsigned>(std::countr_zero(share))),
      size_(dispatchers * share),
      // Not value-initialized: buffers never used cost no memory.
      packets_(std::make_unique_for_overwrite<Packet[]>(size_)),
      free_(dispatchers) {
  for (std::size_t d = 0; d < dispatchers; ++d) {
    free_[d].reserve(share);
    for (std::uint32_t i = share; i > 0; --i) {
      free_[d].push_back(static_cast<PacketIndex>(d * share + i - 1));
    }
    for (std::size_t r = 0; r < returners; ++r) {
      homes_.push_back(std::make_unique<SpscRing<PacketIndex>>(share));
    }
  }
}

std::size_t PacketPool::Take(std::size_t d, std::span<PacketIndex> out) {
  std::vector<PacketIndex>& free = free_[d];
  if (free.size() < out.size()) {
    std::array<PacketIndex, 64> returned;
    for (std::size_t r = 0; r < returners_; ++r) {
      while (const std::size_t n = home(d, r).Pop(returned)) {
        free.insert(free.end(), returned.begin(),
                    returned.begin() + static_cast<std::ptrdiff_t>(n));
      }
    }
  }
  const std::size_t n = std::min(out.size(), free.size());
  std::copy(free.end() - static_cast<std::ptrdiff_t>(n), free.end(),
            out.begin());
  free.resize(free.size() - n);
  return n;
}

void PacketPool::PutBack(std::size_t d, std::span<const PacketIndex> unused) {
  free_[d].insert(free_[d].end(), unused.begin(), unused.end());
}

void PacketPool::Flush(std::size_t r) {
  for (std::size_t d = 0; d < dispatchers_; ++d) home(d, r).Publish();
}

}  // namespace lb::dataplane
