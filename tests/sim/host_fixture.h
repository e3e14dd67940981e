// A small scenario and a host of it, for tests that drive it by hand.
#ifndef LB_TESTS_SIM_HOST_FIXTURE_H_
#define LB_TESTS_SIM_HOST_FIXTURE_H_

#include <cstdint>

#include "sim/host.h"
#include "sim/scenario.h"

namespace lb::sim {

// Two processors, 64 buckets (even ones belong to processor 0), ten packets of
// buffer, 100 us a packet, no delays, moves pause for 1 ms.
inline Scenario SmallScenario(QueueKind queue) {
  Scenario s;
  s.processors = 2;
  s.buckets = 64;
  s.buffer_packets = 10;
  s.queue = queue;
  s.service = Microseconds(100);
  s.duration = Milliseconds(10'000);
  s.ignored = Milliseconds(0);
  s.report_delay = Milliseconds(0);
  s.apply_delay = Milliseconds(0);
  s.pause = Microseconds(1'000);
  return s;
}

// Arrived and neither served nor dropped, by the counts.
inline std::uint64_t Unaccounted(const Host& host) {
  const PacketCounts& counts = host.state().ledger.counts();
  return counts.arrived - counts.served - counts.dropped_total();
}

}  // namespace lb::sim

#endif  // LB_TESTS_SIM_HOST_FIXTURE_H_
