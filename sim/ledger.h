// What became of a simulated host's packets. One thread.
#ifndef LB_SIM_LEDGER_H_
#define LB_SIM_LEDGER_H_

#include <array>
#include <cstdint>

#include "sim/latency_histogram.h"
#include "sim/packet_store.h"

namespace lb::sim {

enum class DropReason : std::uint8_t {
  kQueueFull,  // the processor's buffer
  kHoldFull,   // what arrives for a bucket that is on its way
  kTakeover,   // it waited at a processor that failed
  kPool,       // the host had no buffer left
};
inline constexpr std::size_t kDropReasons = 4;

// arrived = served + dropped + queued, at any time.
struct PacketCounts {
  std::uint64_t arrived = 0;
  std::uint64_t served = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
  // Served after a packet of the same connection that had arrived later.
  std::uint64_t reordered = 0;

  std::uint64_t dropped_total() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : dropped) sum += n;
    return sum;
  }
};

class Ledger {
 public:
  // Of packets that arrive before `ignored_ns` nothing is kept but counts().
  explicit Ledger(std::int64_t ignored_ns) : ignored_ns_(ignored_ns) {}

  void Arrived(std::int64_t now_ns) {
    ++counts_.arrived;
    if (now_ns >= ignored_ns_) ++arrived_;
  }
  void Served(const PacketInfo& info, std::int64_t now_ns) {
    ++counts_.served;
    if (info.arrival_ns >= ignored_ns_) latency_.Add(now_ns - info.arrival_ns);
  }
  void Dropped(std::int64_t arrival_ns, DropReason reason) {
    ++counts_.dropped[static_cast<std::size_t>(reason)];
    if (arrival_ns >= ignored_ns_) ++dropped_;
  }
  void Reordered() { ++counts_.reordered; }

  const PacketCounts& counts() const { return counts_; }
  // Of packets that are not ignored: latency from arrival to the end of
  // service, arrivals, drops.
  const LatencyHistogram& latency() const { return latency_; }
  std::uint64_t arrived() const { return arrived_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  const std::int64_t ignored_ns_;
  PacketCounts counts_;
  LatencyHistogram latency_;
  std::uint64_t arrived_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_LEDGER_H_
