// Reads packet sources in tests.
#ifndef LB_TESTS_DATAPLANE_READ_SOURCE_H_
#define LB_TESTS_DATAPLANE_READ_SOURCE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "dataplane/core/packet.h"
#include "dataplane/core/packet_source.h"

namespace lb::dataplane {

// Some packet buffers and pointers to them, as Receive() wants them.
class PacketBatch {
 public:
  explicit PacketBatch(std::size_t packets) : packets_(packets) {
    for (Packet& packet : packets_) pointers_.push_back(&packet);
  }
  std::span<Packet* const> span() const { return pointers_; }
  const Packet& operator[](std::size_t i) const { return packets_[i]; }

 private:
  std::vector<Packet> packets_;
  std::vector<Packet*> pointers_;
};

struct ReadFrame {
  std::vector<std::byte> bytes;
  std::size_t wire_bytes = 0;
  friend bool operator==(const ReadFrame&, const ReadFrame&) = default;
};

// What one Receive() of at most `most` packets returns.
inline std::vector<ReadFrame> ReadOnce(PacketSource& source,
                                       std::size_t most = 32) {
  const PacketBatch batch(most);
  const std::size_t n = source.Receive(batch.span());
  std::vector<ReadFrame> frames;
  for (std::size_t i = 0; i < n; ++i) {
    const auto bytes = batch[i].captured();
    frames.push_back({{bytes.begin(), bytes.end()}, batch[i].wire_bytes});
  }
  return frames;
}

// Everything there is right now, at most `most` packets.
inline std::vector<ReadFrame> ReadAll(PacketSource& source,
                                      std::size_t most = 1'000'000) {
  std::vector<ReadFrame> frames;
  while (frames.size() < most) {
    const std::size_t left = most - frames.size();
    const std::vector<ReadFrame> more =
        ReadOnce(source, std::min<std::size_t>(64, left));
    if (more.empty()) break;
    frames.insert(frames.end(), more.begin(), more.end());
  }
  return frames;
}

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_READ_SOURCE_H_
