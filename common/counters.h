// Always-on counters of what became of packets. Pure values.
#ifndef LB_COMMON_COUNTERS_H_
#define LB_COMMON_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lb {

// Why a packet was thrown away on purpose.
enum class DropReason : std::uint8_t {
  kRingFull,         // dispatcher -> worker ring had no room (live sources)
  kQueueFull,        // a full queue: of its longest, or would be a new one
  kHoldFull,         // too much waited for a bucket under way
  kConnectionLimit,  // no room for a new connection
  kPool,             // no packet buffer was free
  kTakeover,         // sat on a processor that was taken over
  kSource,           // the source itself reported the drop
};
inline constexpr std::size_t kDropReasons = 7;

// "ring_full", "queue_full", ... in the order of the enum.
std::string_view DropReasonName(DropReason reason);

// Why a packet that its handler wanted sent was not. It was served all the
// same, so these are no drops: a packet is served or dropped, never both.
enum class UnsentReason : std::uint8_t {
  kOutputFull,  // processor -> output ring had no room (live sources)
  kCut,         // only a part of the frame was kept
  kTakeover,    // served by a processor that was taken over since
  kSink,        // the sink refused it, or there is none
};
inline constexpr std::size_t kUnsentReasons = 4;

// "output_full", "cut", ... in the order of the enum.
std::string_view UnsentReasonName(UnsentReason reason);

// Sums since start, or differences of two such sums. lost, reordered and
// duplicated are always 0; anything else is a bug of the data plane.
struct Counters {
  std::uint64_t arrived = 0;  // read from the source, its own drops included
  std::uint64_t served = 0;   // handed to the handler
  std::uint64_t bytes = 0;    // of the packets served
  std::uint64_t queued = 0;   // in rings, queues or held right now
  std::array<std::uint64_t, kDropReasons> dropped{};
  std::uint64_t lost = 0;  // arrived - served - dropped - queued
  std::uint64_t reordered = 0;
  std::uint64_t duplicated = 0;
  // What became of the packets that handlers wanted sent.
  std::uint64_t sent = 0;
  std::array<std::uint64_t, kUnsentReasons> unsent{};

  std::uint64_t dropped_total() const;
  std::uint64_t unsent_total() const;
  std::uint64_t& drop(DropReason reason) {
    return dropped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t drop(DropReason reason) const {
    return dropped[static_cast<std::size_t>(reason)];
  }
  std::uint64_t& not_sent(UnsentReason reason) {
    return unsent[static_cast<std::size_t>(reason)];
  }
  std::uint64_t not_sent(UnsentReason reason) const {
    return unsent[static_cast<std::size_t>(reason)];
  }
  Counters& operator+=(const Counters& other);
};

// later - earlier, member by member; `queued` is the later value.
Counters Difference(const Counters& later, const Counters& earlier);

}  // namespace lb

#endif  // LB_COMMON_COUNTERS_H_
