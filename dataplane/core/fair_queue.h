// Which connection a processor serves next, and for how long: deficit round
// robin (Shreedhar and Varghese, 1995) over the connections that have packets
// waiting, charged with service time instead of bytes, with new connections
// first (RFC 8290). One per processor; plain data, called under the
// processor's lock. No clock is read, and nothing allocates once made, unless
// more connections are attached than the limit has room for.
//
// A round gives every connection one quantum of service time. A turn lasts
// until the quantum is used up; what the last packet took beyond it is owed
// and paid in later rounds, during which the connection waits among the old
// ones. A connection that runs empty before, and comes back, is a returning
// one: it goes before the old ones with what is left of its quantum of this
// round, so leaving and coming back gains nothing. A connection is new, and
// goes before both, in the round in which it first waits; there is no end of
// new connections, so together they get no more service time than the others
// while others wait. When nothing waits any more, debts are forgiven.
//
// Bounds, over any time, L being the longest service time of a packet:
// - Two connections that wait all the time, neither of them new, differ by at
//   most quantum + L of the one + L of the other. So a connection gets at most
//   its fair share + quantum + L, once it has no debt.
// - One that comes and goes gets at most a quantum more than that.
// - New connections get at most what the others get, plus two turns.
// When the quantum has changed meanwhile, they hold with the largest there was,
// but each change may add once: a lowered one what it cut, a raised one, for
// one that comes and goes, L more.
#ifndef LB_DATAPLANE_CORE_FAIR_QUEUE_H_
#define LB_DATAPLANE_CORE_FAIR_QUEUE_H_

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/fair_queue_limits.h"
#include "dataplane/core/connection.h"
#include "dataplane/core/connection_ring.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {

struct FairQueueOptions {
  // Service time of a connection before others get their turn; kMinQuantum to
  // kMaxQuantum.
  std::chrono::nanoseconds quantum = kDefaultQuantum;
  // Packets that may wait, all connections together; at least 1.
  std::uint32_t limit = 16'384;
};

class FairQueue {
 public:
  // The bases of the pools that indices are of; both must outlive the queue.
  FairQueue(Connection* connections, Packet* packets,
            const FairQueueOptions& options);

  // Changes quantum and limit, between turns. O(1). A higher limit than it was
  // made with has to allocate.
  //
  // A lowered quantum holds from the next turn on: what a connection was given
  // of the old one and has not used is cut to the new one, what it owes it
  // still owes. A raised one waits for the next round, or until nothing waits:
  // those that had their turn in this one must not fall behind the others.
  //
  // A lowered limit drops nothing by itself. Every arrival costs one packet
  // until the queue fits, so it shrinks as it is served.
  void Configure(const FairQueueOptions& options);

  // Appends a packet to its connection's queue. When that is one too many, the
  // longest queue loses its oldest packet, which is returned for the caller to
  // drop; it may be the one just given. Otherwise kNoPacket. May be called
  // during a turn. O(1).
  //
  // Longest: packets x mean service time, in classes that double, from 8 us; a
  // queue of one packet under 4 us counts as shorter than any other. So the
  // loser is longer than half the longest, or all are short; where several are,
  // new connections go first. While new ones are the most, and nobody has more
  // than a turn's worth waiting, it is they who pay, together the greediest.
  PacketIndex Enqueue(ConnectionIndex connection, PacketIndex packet);

  // Whether the queue is full and a packet more of this connection, or of one
  // that is not there yet, would cost just such a one a packet. The caller had
  // better drop what comes: nothing has to be fetched for that, or made.
  // Between turns; O(1).
  bool WouldLose(ConnectionIndex connection) const;
  bool NewWouldLose() const;
  // The connections of the longest queues, for which WouldLose() holds once the
  // queue is full: writes up to out.size() of them and returns how many.
  std::size_t Longest(std::span<ConnectionIndex> out) const;

  // Hints that Enqueue() for this connection is to come: fetches what it will
  // write apart from the connection itself, which should be in the cache.
  LB_PREFETCHES void PrefetchEnqueue(ConnectionIndex connection) const {
    const PacketList& queue = connections_[connection].queue;
    if (!queue.empty()) {
      __builtin_prefetch(&packets_base_[queue.back()], /*rw=*/1);
    }
  }

  // Opens the turn of the connection to serve next; kNoConnection when nothing
  // waits. The caller serves as many of its packets as it likes, one at least,
  // and should stop when the service time reaches TurnBudget() or the queue is
  // empty. A turn ended before is taken up again later. One visit to a
  // connection per quantum of service time, amortized.
  ConnectionIndex NextTurn();

  // ns of service time the open turn may take; positive.
  std::int64_t TurnBudget() const { return connections_[turn_].deficit_ns; }

  // Takes the oldest packet of the connection that has its turn; kNoPacket
  // when there is none.
  PacketIndex Dequeue(ConnectionIndex connection) {
    assert(connection == turn_);
    Connection& record = connections_[connection];
    if (record.queue.empty()) return kNoPacket;
    const PacketIndex packet = record.queue.Pop(packets_base_);
    --packets_;
    backlog_ns_ -= record.mean_service_ns;
    // The longest queue must have something to lose.
    if (record.queue.empty() && record.length_class != 0) {
      SetLengthClass(connection, 0);
    }
    return packet;
  }

  // Closes the turn: charges what serving `packets` packets took and updates
  // the connection's mean service time with weight packets / 8, 1 at most.
  void EndTurn(ConnectionIndex connection, std::int64_t service_ns,
               std::uint32_t packets);

  // Takes a connection out of the round with its queue and its debt, so that
  // another processor's queue can Attach() it, or its owner free it. Any
  // connection, waiting or not, except one that has its turn. O(1).
  void Detach(ConnectionIndex connection);

  // Puts a detached connection in, at the end. Nothing is dropped: the limit
  // may be exceeded until the next packets arrive. O(1).
  void Attach(ConnectionIndex connection);

  std::uint32_t limit() const { return limit_; }

  // Packets and connections that wait; a connection that has its turn counts.
  std::uint32_t packets() const { return packets_; }
  std::uint32_t connections() const { return waiting_; }

  // Estimated time to serve what waits.
  std::chrono::nanoseconds backlog() const {
    return std::chrono::nanoseconds(backlog_ns_);
  }

  // Mean service time over all connections: what a connection's own mean
  // starts from.
  std::uint32_t mean_service_ns() const { return mean_service_ns_; }

 private:
  static constexpr std::size_t kLengthClasses = 32;
  static constexpr unsigned kShortBits = 12;  // 4,096 ns

  ConnectionRing& RingOf(const Connection& connection);

  // A connection with nothing waiting so far joins the round.
  void Join(ConnectionIndex index);
  // A connection with nothing waiting any more, in no ring, leaves the round,
  // in which it was `state`.
  void Leave(ConnectionIndex index, RoundState state);
  void ForgiveIfIdle();
  // What an idle connection may still use or owes, as of this round.
  std::int32_t Allowance(const Connection& connection) const;

  ConnectionIndex NextOld();
  void StartRound(std::int64_t least_debt);
  void TakeUpQuantum();
  RoundState OtherMark() const;
  // What the turns to come will need of a ring's connections.
  LB_PREFETCHES void PrefetchAhead(const ConnectionRing& ring) const;
  // Whether others than new connections wait.
  bool OthersWait() const { return returning_.size() + old_.size() > 0; }
  void ChargeLead(std::int64_t service_ns);
  void UpdateMeans(Connection& connection, std::int64_t service_ns,
                   std::uint32_t packets);

  // Files the connection under the class of its queue's present length.
  void File(ConnectionIndex index);
  static std::uint8_t LengthClass(std::uint32_t packets,
                                  std::uint32_t mean_service_ns);
  void SetLengthClass(ConnectionIndex index, std::uint8_t length_class);
  // Whether new connections pay for a full queue, whoever is the longest.
  bool NewPay() const;
  PacketIndex DropFromLongest();

  Connection* const connections_;
  Packet* const packets_base_;
  std::int64_t quantum_ns_;
  std::int64_t next_quantum_ns_;  // from the next round on
  std::uint32_t limit_;
  std::uint8_t quantum_class_;

  std::uint32_t packets_ = 0;
  std::uint32_t waiting_ = 0;
  std::int64_t backlog_ns_ = 0;
  std::uint32_t mean_service_ns_ = 1'000;

  ConnectionRing new_;
  ConnectionRing returning_;
  ConnectionRing old_;
  ConnectionIndex turn_ = kNoConnection;
  RoundState turn_state_ = RoundState::kFresh;  // before its turn
  // Service time new connections are ahead of the others while both wait.
  std::int64_t new_lead_ns_ = 0;

  // Rounds begun; wraps. Skipped rounds count.
  std::uint32_t round_ = 1;
  RoundState round_mark_ = RoundState::kOldEven;  // of those who joined in it
  std::int64_t grant_ns_;  // what this round gives each connection
  // Debts of connections that left before this round are forgiven.
  std::uint32_t forgiven_ = 1;

  // Bit c: class c has a connection; class 0 is not filed.
  std::uint32_t lengths_ = 0;
  std::array<ConnectionIndex, kLengthClasses> longest_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_FAIR_QUEUE_H_
