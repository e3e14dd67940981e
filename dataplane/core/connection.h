// The state kept for one flow key. Plain data of the processor that owns the
// connection's bucket; moves with the bucket.
#ifndef LB_DATAPLANE_CORE_CONNECTION_H_
#define LB_DATAPLANE_CORE_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/flow_key.h"
#include "dataplane/core/packet.h"
#include "dataplane/core/packet_list.h"

namespace lb::dataplane {

// GCC 12 takes a function that only prefetches for one without effect and drops
// calls to it; not where it is inlined.
#define LB_PREFETCHES [[gnu::always_inline]] inline

// Index of a connection in the host's pool; kNoConnection ends a list.
using ConnectionIndex = std::uint32_t;
inline constexpr ConnectionIndex kNoConnection = 0xffff'ffff;

inline constexpr std::size_t kMaxDispatchers = 4;

// Milliseconds on the data plane's clock, from its start.
using TimerTick = std::uint64_t;

// Where a connection stands with the fair queue.
enum class RoundState : std::uint8_t {
  kFresh,      // has never waited
  kIdle,       // nothing waits; what it may still use or owes is remembered
  kYoung,      // the same, in the round in which it was new
  kDetached,   // taken out by FairQueue::Detach()
  kNew,        // waits, in the first round in which it does
  kReturning,  // waits again, with some of this round's quantum left
  kOldEven,    // waits for its next quantum, since an even round
  kOldOdd,     // the same, since an odd round
  kServing,    // has its turn
};

// wheel_slot of a connection that no wheel holds.
inline constexpr std::uint16_t kNotScheduled = 0xffff;

// Three cache lines of 64 bytes. A packet of a known connection reads the first
// and writes the second; only the record of order is written to the first. An
// idle connection costs these 192 bytes and, in the table, 4 to 8 bytes of
// chain heads.
struct alignas(64) Connection {
  // --- Line 1: lookup and order.
  FlowKey key;
  std::uint32_t hash = 0;
  ConnectionIndex next_in_chain = kNoConnection;  // ConnectionTable
  // Last sequence number served, per dispatcher; see seen_dispatchers.
  std::array<std::uint32_t, kMaxDispatchers> last_sequence{};

  // --- Line 2: enqueue and serve.
  PacketList queue;                   // FairQueue; what waits to be served
  std::uint32_t mean_service_ns = 0;  // exponentially weighted; FairQueue
  // FairQueue: what the connection may still use; negative: what it owes.
  std::int32_t deficit_ns = 0;
  std::uint32_t round_place = 0;  // ConnectionRing
  std::uint32_t round_left = 0;   // FairQueue: round in which it became idle
  RoundState round = RoundState::kFresh;  // FairQueue
  std::uint8_t length_class = 0;          // FairQueue; 0: not filed
  // A bit per dispatcher: last_sequence holds a number.
  std::uint8_t seen_dispatchers = 0;
  // The timer is the handler's: packets do not put it off by themselves.
  bool own_timer = false;
  // TimingWheel. May be pushed back by a plain store while scheduled.
  TimerTick deadline = 0;
  // Records. Times are ns on the monotonic clock.
  std::int64_t last_seen_ns = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;

  // --- Line 3: seldom.
  // For the handler alone; zero when the connection is new.
  std::array<std::uint64_t, 2> handler_state{};
  std::int64_t first_seen_ns = 0;
  TimerTick linked = 0;  // TimingWheel: the deadline it was filed under
  ConnectionIndex length_next = kNoConnection;  // FairQueue's length classes
  ConnectionIndex length_previous = kNoConnection;
  ConnectionIndex wheel_next = kNoConnection;  // TimingWheel
  ConnectionIndex wheel_previous = kNoConnection;
  // Two, three and four behind this one when it was filed: hints.
  std::array<ConnectionIndex, 3> wheel_ahead{};
  std::uint16_t wheel_slot = kNotScheduled;
};
static_assert(sizeof(Connection) == 192);
static_assert(offsetof(Connection, queue) == 64);
static_assert(offsetof(Connection, handler_state) == 128);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CONNECTION_H_
