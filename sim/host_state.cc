#include "sim/host_state.h"

namespace lb::sim {
namespace {

// Full buffers, packets being served, and as much again for buckets that are
// on their way or have just come.
std::uint32_t PacketsOf(const Scenario& scenario) {
  return 2 * scenario.processors * (scenario.buffer_packets + 1);
}

}  // namespace

HostState::HostState(const Scenario& scenario, std::size_t open)
    : packets(PacketsOf(scenario)),
      connections(scenario.buckets, open, PacketsOf(scenario)),
      buckets(scenario.buckets),
      ledger(std::chrono::nanoseconds(scenario.ignored).count()) {}

}  // namespace lb::sim
