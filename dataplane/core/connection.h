// The state kept for one flow key. Plain data of the processor that owns the
// connection's bucket; moves with the bucket.
#ifndef LB_DATAPLANE_CORE_CONNECTION_H_
#define LB_DATAPLANE_CORE_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/flow_key.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// Index of a connection in the host's pool; kNoConnection ends a list.
using ConnectionIndex = std::uint32_t;
inline constexpr ConnectionIndex kNoConnection = 0xffff'ffff;

inline constexpr std::size_t kMaxDispatchers = 4;

// Milliseconds on the data plane's clock, from its start.
using TimerTick = std::uint64_t;

struct Connection {
  FlowKey key;
  std::uint32_t hash = 0;
  ConnectionIndex next_in_chain = kNoConnection;  // ConnectionTable

  // FairQueue: this connection's packets, and its place in the round.
  PacketIndex queue_head = kNoPacket;
  PacketIndex queue_tail = kNoPacket;
  std::uint32_t queue_packets = 0;
  std::uint32_t mean_service_ns = 0;  // exponentially weighted
  std::int64_t deficit_ns = 0;
  ConnectionIndex round_next = kNoConnection;
  ConnectionIndex round_previous = kNoConnection;
  ConnectionIndex length_next = kNoConnection;  // index by queue length
  ConnectionIndex length_previous = kNoConnection;
  std::uint8_t round = 0;         // FairQueue's: which list it is in
  std::uint8_t length_class = 0;  // FairQueue's

  // TimingWheel. `deadline` may be pushed back by a plain store; `linked` is
  // where the wheel holds the connection now.
  std::uint16_t wheel_slot = 0;
  ConnectionIndex wheel_next = kNoConnection;
  ConnectionIndex wheel_previous = kNoConnection;
  TimerTick deadline = 0;
  TimerTick linked = 0;

  // Order: last sequence number served, per dispatcher; a bit per dispatcher
  // tells whether there is one yet.
  std::array<std::uint32_t, kMaxDispatchers> last_sequence{};
  std::uint8_t seen_dispatchers = 0;

  // Records. Times are ns on the monotonic clock.
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::int64_t first_seen_ns = 0;
  std::int64_t last_seen_ns = 0;

  // For the handler alone; zero when the connection is new.
  std::array<std::uint64_t, 2> handler_state{};
};
static_assert(sizeof(Connection) <= 256);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_CONNECTION_H_
