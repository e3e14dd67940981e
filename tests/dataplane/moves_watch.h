// Handlers that note what must never happen while buckets move, and that hang
// when told to.
#ifndef LB_TESTS_DATAPLANE_MOVES_WATCH_H_
#define LB_TESTS_DATAPLANE_MOVES_WATCH_H_

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "dataplane/core/packet_handler.h"
#include "dataplane/engine/dispatcher.h"

namespace lb::dataplane {

// Where a processor's handler hangs, and until when. Any thread.
class Hang {
 public:
  enum Where : std::uint8_t { kNowhere, kInPacket, kInTimer };

  // The next packet or timer of the processor hangs until Open().
  void Arm(Where where) {
    const std::lock_guard lock(mutex_);
    open_ = false;
    armed_ = where;
  }
  bool hanging() const { return hanging_; }
  void WaitUntilHanging() { hanging_.wait(false); }
  void Open() {
    const std::lock_guard lock(mutex_);
    armed_ = kNowhere;
    open_ = true;
    opened_.notify_all();
  }

  // The handler. Calls `before` if it is to hang, and hangs; false if not.
  template <class Before>
  bool Pass(Where where, Before&& before) {
    if (armed_.load() != where) return false;
    std::unique_lock lock(mutex_);
    if (armed_ != where) return false;
    armed_ = kNowhere;
    before();
    hanging_ = true;
    hanging_.notify_all();
    opened_.wait(lock, [this] { return open_; });
    hanging_ = false;
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
  std::atomic<Where> armed_{kNowhere};
  std::atomic<bool> hanging_{false};
};

// Sequence numbers of the packets that pass somewhere. Any thread.
class SequenceWatch {
 public:
  // Counts a packet that comes after a later one of its client's.
  void Note(const Packet& packet, std::atomic<std::uint64_t>& out_of_order) {
    const std::size_t client =
        (std::to_integer<std::size_t>(packet.frame[28]) << 8 |
         std::to_integer<std::size_t>(packet.frame[29]));
    auto& next = next_[packet.dispatcher][client];
    if (packet.sequence < next.exchange(std::uint64_t{packet.sequence} + 1)) {
      ++out_of_order;
    }
  }

 private:
  static constexpr std::size_t kClients = 1'024;
  // One more than the last one, by dispatcher and client.
  std::array<std::array<std::atomic<std::uint64_t>, kClients>, kMaxDispatchers>
      next_{};
};

// Shared by the handlers of all processors.
struct MovesWatch {
  MovesWatch(std::uint32_t buckets, std::size_t processors)
      : holder(buckets), hangs(processors) {}

  std::vector<std::atomic<int>> holder;  // by bucket: processor in a handler
  SequenceWatch served;
  SequenceWatch sent;  // for sinks
  std::atomic<std::uint64_t> two_owners{0};
  std::atomic<std::uint64_t> out_of_order{0};
  std::atomic<std::uint64_t> sent_out_of_order{0};
  std::atomic<std::uint64_t> connections{0};  // that had a packet served
  std::atomic<std::uint64_t> timers_fired{0};
  std::atomic<std::uint64_t> timers_doubled{0};
  std::vector<Hang> hangs;  // by processor
};

// For sources of numbered clients: FrameSource.
class WatchingHandler final : public PacketHandler {
 public:
  WatchingHandler(ProcessorId id, MovesWatch& watch,
                  Verdict verdict = Verdict::kConsumed)
      : id_(id.value() + 1),
        hang_(watch.hangs[id.index()]),
        watch_(watch),
        verdict_(verdict) {}

  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext&) override {
    Enter(connection);
    if (connection.handler_state[1]++ == 0) ++watch_.connections;
    watch_.served.Note(packet, watch_.out_of_order);
    LeaveOrHang(Hang::kInPacket, connection);
    return verdict_;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection& connection,
                                                   std::int64_t) override {
    Enter(connection);
    ++watch_.timers_fired;
    // Set only in a connection that should have been forgotten.
    if (connection.handler_state[0]++ != 0) ++watch_.timers_doubled;
    LeaveOrHang(Hang::kInTimer, connection);
    return std::nullopt;
  }

 private:
  void Enter(const Connection& connection) {
    if (Holder(connection).exchange(id_) != 0) ++watch_.two_owners;
  }
  void Leave(const Connection& connection) {
    if (Holder(connection).exchange(0) != id_) ++watch_.two_owners;
  }
  // What hangs stops to count as an owner: what it does is void.
  void LeaveOrHang(Hang::Where where, const Connection& connection) {
    if (!hang_.Pass(where, [&] { Leave(connection); })) Leave(connection);
  }
  std::atomic<int>& Holder(const Connection& connection) {
    return watch_.holder[connection.hash % watch_.holder.size()];
  }

  const int id_;
  Hang& hang_;
  MovesWatch& watch_;
  const Verdict verdict_;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_MOVES_WATCH_H_
