#include "dataplane/core/connection_ring.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace lb::dataplane {

ConnectionRing::ConnectionRing(Connection* connections, std::uint32_t room)
    : connections_(connections),
      // Half of it may be holes before they are closed.
      places_(std::size_t{2} * std::bit_ceil(std::max(room, 2U)),
              kNoConnection),
      mask_(static_cast<std::uint32_t>(places_.size()) - 1) {}

void ConnectionRing::MakeRoom() {
  std::vector<ConnectionIndex> before;
  const std::uint32_t before_mask = mask_;
  const bool grow = size_ > places_.size() / 2;
  if (grow) {
    before = std::exchange(places_,
                           std::vector<ConnectionIndex>(places_.size() * 2));
    mask_ = static_cast<std::uint32_t>(places_.size()) - 1;
  }
  // In place, a member only ever moves towards the head.
  const std::vector<ConnectionIndex>& from = grow ? before : places_;
  const std::uint32_t end = tail_;
  tail_ = head_;
  size_ = 0;
  for (std::uint32_t place = head_; place != end; ++place) {
    const ConnectionIndex index = from[place & before_mask];
    if (index != kNoConnection) Put(tail_++, index);
  }
}

}  // namespace lb::dataplane
