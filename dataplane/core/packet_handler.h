// What is done with a packet: the seam for programs that link the data plane.
//
// A firewall that lets a connection's first 100 packets through, as an example:
//
//   class FirstHundred final : public PacketHandler {
//    public:
//     Verdict OnPacket(Connection& connection, Packet& packet,
//                      PacketContext& context) override {
//       // A timer of our own, 30 s from the first packet on.
//       const bool first = connection.packets == 1;
//       if (first) context.SetTimer(std::chrono::seconds(30));
//
//       const bool pass = connection.packets <= 100;
//       return pass ? Verdict::kSend : Verdict::kConsumed;
//     }
//
//     // Half a minute is over: the connection may start anew.
//     std::optional<std::chrono::milliseconds> OnTimer(
//         Connection&, std::int64_t) override {
//       return std::nullopt;
//     }
//   };
//
//   options.handler = [](ProcessorId) {
//     return std::make_unique<FirstHundred>();
//   };
#ifndef LB_DATAPLANE_CORE_PACKET_HANDLER_H_
#define LB_DATAPLANE_CORE_PACKET_HANDLER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "common/ids.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

// What becomes of a packet that was served.
enum class Verdict : std::uint8_t {
  kConsumed,  // nothing more
  // Its frame, as the handler leaves it, goes to the sink of its source. The
  // packets of a connection are sent in the order they were served, across
  // moves too. A frame of which only a part was kept is not sent.
  kSend,
};

// One call's time, and what the handler wishes for its connection.
class PacketContext {
 public:
  explicit PacketContext(std::int64_t now_ns) : now_ns_(now_ns) {}

  // When the packet's service began: ns on the monotonic clock.
  std::int64_t now_ns() const { return now_ns_; }

  // OnTimer() is to be called once `after` (at least 1 ms) from now_ns() has
  // passed, in place of the deadline the connection has. From the first call
  // on, the connection's timer is the handler's alone: packets no longer put it
  // off by the idle timeout. Putting a deadline off costs one store.
  void SetTimer(std::chrono::milliseconds after) { timer_ = after; }
  const std::optional<std::chrono::milliseconds>& timer() const {
    return timer_;
  }

 private:
  const std::int64_t now_ns_;
  std::optional<std::chrono::milliseconds> timer_;
};

// One handler per processor. Its methods are called under the processor's
// lock, by its worker or its timer thread, only for connections of buckets the
// processor owns; so it needs no lock for what belongs to a connection. A
// connection moves to another processor's handler together with its timer and
// Connection::handler_state; anything else a handler keeps must not be tied to
// a connection. Time spent here is charged to the connection.
//
// A connection has one timer. Without SetTimer() it is the idle timeout of the
// data plane, which every packet puts off:
// - to end connections that idle: OnTimer() returns nothing;
// - for an idle timeout per connection: SetTimer(timeout) with every packet;
// - for keepalive every T while a connection idles: SetTimer(T) with every
//   packet, and OnTimer() returns T until it has idled too long (last_seen_ns);
// - for a timeout however many packets come: SetTimer() with the first packet;
// - for several: their times in handler_state, the timer set to the first.
class PacketHandler {
 public:
  virtual ~PacketHandler() = default;

  // Serves one packet. The handler may change the frame and, with
  // Packet::Resize(), its length; the buffer is taken back afterwards. The
  // connection's records (packets, bytes, last_seen_ns) already count it.
  virtual Verdict OnPacket(Connection& connection, Packet& packet,
                           PacketContext& context) = 0;

  // The connection's timer came due: exactly once each time it was set, never
  // early. Returns how long until it comes due again, counted from `now_ns`
  // (at least 1 ms); nothing ends the connection, which is forgotten after this
  // call, or, where packets of it wait to be served, after the idle timeout.
  virtual std::optional<std::chrono::milliseconds> OnTimer(
      Connection& connection, std::int64_t now_ns) = 0;
};

// Makes the handler of one processor; called once per processor.
using PacketHandlerFactory =
    std::function<std::unique_ptr<PacketHandler>(ProcessorId)>;

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_PACKET_HANDLER_H_
