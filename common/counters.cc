#include "common/counters.h"

#include <numeric>

namespace lb {

std::string_view DropReasonName(DropReason reason) {
  static constexpr std::array<std::string_view, kDropReasons> kNames = {
      "ring_full", "queue_full", "hold_full", "connection_limit",
      "pool",      "takeover",   "source"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string_view UnsentReasonName(UnsentReason reason) {
  static constexpr std::array<std::string_view, kUnsentReasons> kNames = {
      "output_full", "cut", "takeover", "sink"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::uint64_t Counters::dropped_total() const {
  return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

std::uint64_t Counters::unsent_total() const {
  return std::accumulate(unsent.begin(), unsent.end(), std::uint64_t{0});
}

Counters& Counters::operator+=(const Counters& other) {
  arrived += other.arrived;
  served += other.served;
  bytes += other.bytes;
  queued += other.queued;
  for (std::size_t i = 0; i < kDropReasons; ++i) dropped[i] += other.dropped[i];
  lost += other.lost;
  reordered += other.reordered;
  duplicated += other.duplicated;
  sent += other.sent;
  for (std::size_t i = 0; i < kUnsentReasons; ++i) unsent[i] += other.unsent[i];
  return *this;
}

Counters Difference(const Counters& later, const Counters& earlier) {
  Counters d = later;
  d.arrived -= earlier.arrived;
  d.served -= earlier.served;
  d.bytes -= earlier.bytes;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    d.dropped[i] -= earlier.dropped[i];
  }
  d.lost -= earlier.lost;
  d.reordered -= earlier.reordered;
  d.duplicated -= earlier.duplicated;
  d.sent -= earlier.sent;
  for (std::size_t i = 0; i < kUnsentReasons; ++i) {
    d.unsent[i] -= earlier.unsent[i];
  }
  return d;
}

}  // namespace lb
