#include "dataplane/engine/output_ring.h"

#include <chrono>

namespace lb::dataplane {
namespace {

constexpr std::chrono::milliseconds kLongestSleep{1};

}  // namespace

OutputRings MakeOutputRings(std::size_t processors, std::size_t capacity) {
  OutputRings rings;
  for (std::size_t p = 0; p < processors; ++p) {
    rings.push_back(std::make_unique<OutputRing>(capacity, p, processors));
  }
  return rings;
}

// False if the ring is full before every mark is pushed; those that were are
// remembered.
bool OutputRing::MarkOthers() {
  for (std::size_t p = 0; p < others_->size(); ++p) {
    const OutputRing& other = *(*others_)[p];
    const std::uint64_t position = other.tail();
    if (p == processor_ || position <= marked_[p] || other.head() >= position) {
      continue;
    }
    if (!ring_.Push({position, kNoPacket, static_cast<std::uint32_t>(p)})) {
      return false;
    }
    marked_[p] = position;
  }
  others_ = nullptr;
  return true;
}

void OutputRing::WaitForRoom() {
  room_.Prepare();
  if (ring_.HasRoom()) {
    room_.Cancel();
  } else {
    room_.Sleep(kLongestSleep);
  }
}

}  // namespace lb::dataplane
