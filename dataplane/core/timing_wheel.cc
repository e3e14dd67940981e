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

TimerTick TimingWheel::NextDue() const {
  TimerTick earliest = kNever;
  for (unsigned level = 0; level < kLevels; ++level) {
    if (occupied_[level] != 0) earliest = std::min(earliest, SlotStart(level));
  }
  return earliest;
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
  if ((occupied_[level] & bit) != 0) {
    connection.wheel_next = slots_[place];
    connections_[slots_[place]].wheel_previous = index;
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
    const unsigned place = connection.wheel_slot;
    occupied_[place / kSlots] &= ~(std::uint64_t{1} << (place % kSlots));
  }
  connection.wheel_slot = kNotScheduled;
  --size_;
}

ConnectionIndex TimingWheel::TakeDue(TimerTick now) {
  TimerTick earliest = kNever;
  unsigned level = 0;
  for (unsigned l = 0; l < kLevels; ++l) {
    if (occupied_[l] == 0) continue;
    if (const TimerTick start = SlotStart(l); start < earliest) {
      earliest = start;
      level = l;
    }
  }
  if (earliest > now) {
    now_ = std::max(now_, now);
    return kNoConnection;
  }
  now_ = earliest;
  const unsigned shift = kSlotBits * level;
  const ConnectionIndex index =
      slots_[level * kSlots + static_cast<unsigned>(now_ >> shift) % kSlots];
  const ConnectionIndex next = connections_[index].wheel_next;
  if (next != kNoConnection) {
    __builtin_prefetch(&connections_[next].wheel_next, /*rw=*/1);
    __builtin_prefetch(&connections_[next].deadline);
  }
  Unlink(index);
  return index;
}

}  // namespace lb::dataplane
