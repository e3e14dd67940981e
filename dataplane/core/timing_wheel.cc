#include "dataplane/core/timing_wheel.h"

#include <algorithm>
#include <bit>

namespace lb::dataplane {

void TimingWheel::Schedule(ConnectionIndex index, TimerTick deadline) {
  assert(!scheduled(connections_[index]));
  connections_[index].deadline = deadline;
  Link(index, deadline);
}

void TimingWheel::Cancel(ConnectionIndex index) {
  if (scheduled(connections_[index])) Unlink(index);
}

void TimingWheel::Reschedule(ConnectionIndex index, TimerTick deadline) {
  Connection& connection = connections_[index];
  assert(scheduled(connection));
  connection.deadline = deadline;
  if (deadline >= connection.linked) return;
  Unlink(index);
  Link(index, deadline);
}

// Woken at the start of a slot, its owner would only file the connections in it
// again, which pays where there are several.
TimerTick TimingWheel::NextDue() const {
  const Earliest earliest = EarliestSlot();
  if (earliest.place < kSlots || earliest.place == kNotScheduled) {
    return earliest.start;
  }
  const Connection& first = connections_[slots_[earliest.place]];
  if (first.wheel_next != kNoConnection) return earliest.start;
  // A deadline farther than the ring reaches lies behind its slot's end.
  const TimerTick end =
      earliest.start + (TimerTick{1} << kSlotBits * (earliest.place / kSlots));
  return std::min({std::max(first.linked, earliest.start), end, earliest.next});
}

TimerTick TimingWheel::SlotStart(unsigned level) const {
  const unsigned shift = kSlotBits * level;
  const TimerTick current = now_ >> shift;
  if (level == kLevels - 1) {
    const auto digit = static_cast<int>(current % kSlots);
    const auto ahead = static_cast<unsigned>(
        std::countr_zero(std::rotr(occupied_[level], digit)));
    return (current + ahead) << shift;
  }
  const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
  return (current / kSlots * kSlots + slot) << shift;
}

void TimingWheel::Link(ConnectionIndex index, TimerTick deadline) {
  Connection& connection = connections_[index];
  connection.linked = deadline;
  // What is past is due in the slot being worked on.
  TimerTick tick = std::max(deadline, now_);
  // Levels are told apart by the highest digit in which tick and now_ differ.
  const TimerTick difference = tick ^ now_;
  unsigned level = 0;
  if (difference >> kTopShift != 0) {
    level = kLevels - 1;
    // Farther than the ring reaches: the last slot, to be filed again there.
    tick = std::min(tick >> kTopShift, (now_ >> kTopShift) + kSlots - 1)
           << kTopShift;
  } else if (difference != 0) {
    level = static_cast<unsigned>(std::bit_width(difference) - 1) / kSlotBits;
  }
  const unsigned slot =
      static_cast<unsigned>(tick >> (kSlotBits * level)) % kSlots;
  const unsigned place = level * kSlots + slot;
  const std::uint64_t bit = std::uint64_t{1} << slot;

  connection.wheel_slot = static_cast<std::uint16_t>(place);
  connection.wheel_previous = kNoConnection;
  connection.wheel_next = kNoConnection;
  connection.wheel_ahead.fill(index);
  if ((occupied_[level] & bit) != 0) {
    Connection& first = connections_[slots_[place]];
    connection.wheel_next = slots_[place];
    if (first.wheel_next != kNoConnection) {
      connection.wheel_ahead = {first.wheel_next, first.wheel_ahead[0],
                                first.wheel_ahead[1]};
    }
    first.wheel_previous = index;
  }
  occupied_[level] |= bit;
  slots_[place] = index;
  ++size_;
}

void TimingWheel::Unlink(ConnectionIndex index) {
  Connection& connection = connections_[index];
  const ConnectionIndex next = connection.wheel_next;
  const ConnectionIndex previous = connection.wheel_previous;
  if (next != kNoConnection) connections_[next].wheel_previous = previous;
  if (previous != kNoConnection) {
    connections_[previous].wheel_next = next;
  } else if (next != kNoConnection) {
    slots_[connection.wheel_slot] = next;
  } else {
    Vacate(connection.wheel_slot);
  }
  connection.wheel_slot = kNotScheduled;
  --size_;
}

TimingWheel::Earliest TimingWheel::EarliestSlot() const {
  Earliest earliest;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] == 0) continue;
    const TimerTick start = SlotStart(level);
    if (start >= earliest.start) {
      earliest.next = std::min(earliest.next, start);
      continue;
    }
    const auto slot =
        static_cast<unsigned>(start >> (kSlotBits * level)) % kSlots;
    earliest = {start, level * kSlots + slot, earliest.start};
  }
  return earliest;
}

unsigned TimingWheel::EnterDue(TimerTick now) {
  const Earliest earliest = EarliestSlot();
  if (earliest.start > now) {
    now_ = std::max(now_, now);
    return kNotScheduled;
  }
  now_ = earliest.start;
  return earliest.place;
}

}  // namespace lb::dataplane
