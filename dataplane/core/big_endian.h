// Numbers in network order within a frame. Pure; any thread.
#ifndef LB_DATAPLANE_CORE_BIG_ENDIAN_H_
#define LB_DATAPLANE_CORE_BIG_ENDIAN_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace lb::dataplane {

// `offset` and the bytes behind it lie within `bytes`; the caller has checked.
inline std::uint16_t Load16(std::span<const std::byte> bytes,
                            std::size_t offset) {
  return static_cast<std::uint16_t>(
      std::to_integer<unsigned>(bytes[offset]) << 8 |
      std::to_integer<unsigned>(bytes[offset + 1]));
}

inline std::uint32_t Load32(std::span<const std::byte> bytes,
                            std::size_t offset) {
  return std::uint32_t{Load16(bytes, offset)} << 16 | Load16(bytes, offset + 2);
}

inline void Store16(std::span<std::byte> bytes, std::size_t offset,
                    std::uint16_t value) {
  bytes[offset] = static_cast<std::byte>(value >> 8);
  bytes[offset + 1] = static_cast<std::byte>(value);
}

inline void Store32(std::span<std::byte> bytes, std::size_t offset,
                    std::uint32_t value) {
  Store16(bytes, offset, static_cast<std::uint16_t>(value >> 16));
  Store16(bytes, offset + 2, static_cast<std::uint16_t>(value));
}

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_BIG_ENDIAN_H_
