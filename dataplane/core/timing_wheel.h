// The deadlines of one bucket's connections: a hierarchical timing wheel
// (Varghese and Lauck, 1987) of 1 ms ticks over intrusive links, so that it
// moves with its bucket and nothing allocates. Plain data of the processor
// that owns the bucket. No clock: the caller says what time it is.
//
// A connection waits in one slot. Pushing its deadline back does not touch the
// wheel: when the slot comes due, the connection is filed again under the
// deadline it has by then. Nothing fires early, nothing twice.
#ifndef LB_DATAPLANE_CORE_TIMING_WHEEL_H_
#define LB_DATAPLANE_CORE_TIMING_WHEEL_H_

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/core/connection.h"

namespace lb::dataplane {

// No timer is set.
inline constexpr TimerTick kNever = std::numeric_limits<TimerTick>::max();

// 816 bytes, whatever is scheduled: 3 levels of 64 slots. Until it fires, a
// connection is filed at most twice more, and once more per 258 s that its
// deadline was away.
class TimingWheel {
 public:
  // `connections` is the base of the pool, `now` the tick to start at.
  explicit TimingWheel(Connection* connections, TimerTick now = 0)
      : now_(now), connections_(connections) {}

  // Sets the timer of a connection that has none. A deadline already past
  // comes due at once. O(1).
  void Schedule(ConnectionIndex index, TimerTick deadline);

  // Takes the timer off; nothing happens if there is none. O(1).
  void Cancel(ConnectionIndex index);

  // Moves the deadline of a scheduled connection to wherever it is wanted,
  // earlier or later. O(1).
  void Reschedule(ConnectionIndex index, TimerTick deadline);

  // The packet path's way to put a deadline off: one store. `deadline` must
  // not be earlier than the one the connection has, or the timer fires late.
  static void PushBack(Connection& connection, TimerTick deadline) {
    connection.deadline = deadline;
  }

  static bool scheduled(const Connection& connection) {
    return connection.wheel_slot != kNotScheduled;
  }

  // A tick at or before the earliest deadline, the last Advance()'s for what is
  // past already; kNever if nothing is scheduled. Advance() to less than this
  // tick does nothing; at this tick it may only file connections again. A few
  // instructions, and a look at a connection if it is alone in the earliest
  // slot.
  TimerTick NextDue() const;

  // Calls fire(ConnectionIndex) for connections whose deadline is at or before
  // `now`; each has lost its timer by then, and `fire` may schedule, cancel
  // and free any connection. Stops after `limit` connections, fired or filed
  // again; more is to be done if then NextDue() <= now. Returns the number of
  // connections it took out of their slots. `now` may jump, and never
  // decreases.
  template <class Fire>
  std::size_t Advance(TimerTick now, std::size_t limit, Fire&& fire) {
    std::size_t done = 0;
    while (done < limit) {
      const unsigned place = EnterDue(now);
      if (place == kNotScheduled) break;
      PrefetchFront(place);
      // Nothing becomes due before what is in this slot.
      for (; done < limit && occupied(place); ++done) {
        const ConnectionIndex index = PopFront(place);
        const Connection& connection = connections_[index];
        if (connection.deadline <= now) {
          fire(index);
        } else {
          Link(index, connection.deadline);
        }
      }
    }
    return done;
  }

  // Connections that have a timer.
  std::uint32_t size() const { return size_; }

 private:
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;
  static constexpr unsigned kLevels = 3;
  static constexpr unsigned kTopShift = kSlotBits * (kLevels - 1);

  void Link(ConnectionIndex index, TimerTick deadline);
  void Unlink(ConnectionIndex index);

  // Start of the earliest occupied slot of a level, which must have one.
  TimerTick SlotStart(unsigned level) const;

  bool occupied(unsigned place) const {
    return (occupied_[place / kSlots] >> (place % kSlots) & 1) != 0;
  }
  void Vacate(unsigned place) {
    occupied_[place / kSlots] &= ~(std::uint64_t{1} << (place % kSlots));
  }

  // The earliest occupied slot, which ends before any other begins, unless it
  // is being emptied: then `next` may be as early as `start`.
  struct Earliest {
    TimerTick start = kNever;
    unsigned place = kNotScheduled;
    TimerTick next = kNever;  // start of the earliest of the others
  };
  Earliest EarliestSlot() const;

  // Brings now_ to the start of the earliest slot due at `now` and returns its
  // place; kNotScheduled, and now_ = now, if no slot is due.
  unsigned EnterDue(TimerTick now);

  // Takes the first connection out of an occupied slot.
  ConnectionIndex PopFront(unsigned place) {
    const ConnectionIndex index = slots_[place];
    Connection& connection = connections_[index];
    connection.wheel_slot = kNotScheduled;
    --size_;
    const ConnectionIndex next = connection.wheel_next;
    if (next == kNoConnection) {
      Vacate(place);
      return index;
    }
    slots_[place] = next;
    Prefetch(connection.wheel_ahead.back());
    connections_[next].wheel_previous = kNoConnection;
    return index;
  }

  // A slot's connections are strewn over memory, and each says only where the
  // next is: to walk them without the hints would take a whole memory latency
  // each.
  LB_PREFETCHES void Prefetch(ConnectionIndex index) const {
    __builtin_prefetch(&connections_[index].deadline);
    __builtin_prefetch(&connections_[index].wheel_next, /*rw=*/1);
  }
  LB_PREFETCHES void PrefetchFront(unsigned place) const {
    const Connection& first = connections_[slots_[place]];
    if (first.wheel_next == kNoConnection) return;
    Prefetch(first.wheel_next);
    for (const ConnectionIndex index : first.wheel_ahead) Prefetch(index);
  }

  // Whatever is filed for an earlier tick is still to be taken out. Levels
  // below the top hold what shares the digits above with now_; the top one is
  // a ring around now_.
  TimerTick now_;
  Connection* connections_;
  std::uint32_t size_ = 0;
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit per slot
  // First connection of each slot; garbage where the slot is not occupied.
  std::array<ConnectionIndex, std::size_t{kLevels} * kSlots> slots_;
};
static_assert(sizeof(TimingWheel) == 816);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_CORE_TIMING_WHEEL_H_
