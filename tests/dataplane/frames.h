// Frames for tests, built header by header, right or wrong on purpose.
#ifndef LB_TESTS_DATAPLANE_FRAMES_H_
#define LB_TESTS_DATAPLANE_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/flow_key.h"

namespace lb::dataplane {

using Bytes = std::vector<std::uint8_t>;

inline std::span<const std::byte> AsBytes(const Bytes& bytes) {
  return std::as_bytes(std::span(bytes));
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes Word16(std::size_t value) {
  return {static_cast<std::uint8_t>(value >> 8),
          static_cast<std::uint8_t>(value)};
}

inline Bytes Ether(std::uint16_t type) {
  return Bytes{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2} + Word16(type);
}

// Ethernet with these VLAN tag types before `type`.
inline Bytes Vlan(const std::vector<std::uint16_t>& tags, std::uint16_t type) {
  Bytes frame = Ether(tags.empty() ? type : tags[0]);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    frame = frame + Word16(100 + i) +
            Word16(i + 1 < tags.size() ? tags[i + 1] : type);
  }
  return frame;
}

struct Ip4 {
  std::uint8_t protocol = 17;
  std::uint8_t version_and_ihl = 0x45;
  std::uint16_t fragment = 0;  // flags and offset
  int total_length = -1;       // -1: as it should be
  Bytes source = {192, 0, 2, 1};
  Bytes destination = {198, 51, 100, 7};

  Bytes operator()(const Bytes& payload) const {
    const std::size_t header = (version_and_ihl & 15u) * 4u;
    const std::size_t options = header > 20 ? header - 20 : 0;
    const std::size_t total = total_length < 0
                                  ? 20 + options + payload.size()
                                  : static_cast<std::size_t>(total_length);
    return Bytes{version_and_ihl, 0} + Word16(total) + Word16(7) +
           Word16(fragment) + Bytes{64, protocol, 0, 0} + source + destination +
           Bytes(options, 1) + payload;
  }
};

struct Ip6 {
  std::uint8_t next_header = 17;
  std::uint8_t version = 6;
  int payload_length = -1;  // -1: as it should be

  Bytes operator()(const Bytes& payload) const {
    const std::size_t length = payload_length < 0
                                   ? payload.size()
                                   : static_cast<std::size_t>(payload_length);
    return Bytes{static_cast<std::uint8_t>(version << 4), 0, 0, 0} +
           Word16(length) + Bytes{next_header, 64} +
           Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1} +
           Bytes{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2} +
           payload;
  }
};

inline Bytes Tcp(std::uint16_t source, std::uint16_t destination,
                 std::uint8_t words = 5) {
  return Word16(source) + Word16(destination) + Bytes(8, 0) +
         Bytes{static_cast<std::uint8_t>(words << 4), 0x10, 1, 0, 0, 0, 0, 0} +
         Bytes(words > 5 ? (words - 5u) * 4u : 0u, 1);
}

inline Bytes Udp(std::uint16_t source, std::uint16_t destination,
                 std::size_t payload = 4, int length = -1) {
  return Word16(source) + Word16(destination) +
         Word16(length < 0 ? 8 + payload : static_cast<std::size_t>(length)) +
         Word16(0) + Bytes(payload, 0xab);
}

// Hop-by-hop, destination, routing and the like: 8 bytes and `more` times 8.
inline Bytes Extension(std::uint8_t next_header, std::uint8_t more = 0) {
  return Bytes{next_header, more, 1, 4, 0, 0, 0, 0} + Bytes(more * 8u, 0);
}

inline Bytes FragmentHeader(std::uint8_t next_header, std::uint16_t offset) {
  return Bytes{next_header, 0} + Word16(offset) + Bytes{0, 0, 0, 9};
}

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_FRAMES_H_
