// A packet's buffer and what is known of the packet. Plain data: one thread
// owns a packet at a time and hands it on through a ring.
#ifndef LB_DATAPLANE_CORE_PACKET_H_
#define LB_DATAPLANE_CORE_PACKET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/flow_key.h"

namespace lb::dataplane {

// Index of a packet in the pool; kNoPacket ends a list.
using PacketIndex = std::uint32_t;
inline constexpr PacketIndex kNoPacket = 0xffff'ffff;

// Bytes of a frame kept; longer frames are cut here and keep their
// wire_bytes. Holds a standard Ethernet frame with two VLAN tags.
inline constexpr std::size_t kFrameBytes = 1'920;

// Why a packet could not be parsed, or kOk.
enum class ParseResult : std::uint8_t {
  kOk,
  kNotIp,           // Ethernet type other than IPv4 or IPv6
  kTruncated,       // a header goes on past the captured bytes
  kBadHeader,       // lengths or versions that contradict themselves
  kVlanDepth,       // more than two VLAN tags
  kExtensionDepth,  // more than eight IPv6 extension headers
  kProtocol,        // IP, but not TCP, UDP, SCTP or ICMP
};
inline constexpr std::size_t kParseResults = 7;

struct Packet {
  // Written by the source.
  std::uint32_t captured_bytes = 0;  // of `frame`, at most kFrameBytes
  std::uint32_t wire_bytes = 0;      // length on the wire
  // Written by the dispatcher.
  std::uint32_t hash = 0;
  std::uint32_t sequence = 0;    // rises per dispatcher, wraps
  std::uint16_t dispatcher = 0;  // whose buffer it is; written by the pool
  ParseResult parse = ParseResult::kOk;
  bool reversed = false;  // the packet runs against its canonical key
  // Link of the queue the packet waits in; written by the owning processor.
  PacketIndex next = kNoPacket;
  FlowKey key;  // canonical, or as is where a Toeplitz key is not symmetric
  alignas(64) std::array<std::byte, kFrameBytes> frame;

  std::span<const std::byte> captured() const {
    return {frame.data(), captured_bytes};
  }
  std::span<std::byte> captured() { return {frame.data(), captured_bytes}; }

  // Whether only a part of the frame was kept.
  bool cut() const { return captured_bytes < wire_bytes; }

  // Makes the frame `bytes` long, at most kFrameBytes, and whole. What lies
  // beyond its old end is undefined.
  void Resize(std::uint32_t bytes) { captured_bytes = wire_bytes = bytes; }
};
static_assert(sizeof(Packet) == 2'048 - 64);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_H_
