// What a simulated host's processors share: packets, connections, sums by
// bucket, and the ledger. One thread.
#ifndef LB_SIM_HOST_STATE_H_
#define LB_SIM_HOST_STATE_H_

#include <cstdint>
#include <vector>

#include "sim/connection_book.h"
#include "sim/ledger.h"
#include "sim/packet_store.h"
#include "sim/scenario.h"

namespace lb::sim {

// Sums over the current report interval.
struct BucketTally {
  std::uint64_t arrived = 0;  // packets, dropped ones included
  std::uint64_t served = 0;   // begun to be served
  std::uint64_t service_ns = 0;
  std::uint64_t mean_service_ns = 0;  // of a packet; outlives the interval
};

struct HostState {
  // `open` connections are open at most at a time.
  HostState(const Scenario& scenario, std::size_t open);

  // A packet was served, or is dropped; both free it.
  void Serve(PacketIndex packet, std::int64_t now_ns) {
    const PacketInfo& info = packets.info(packet);
    ConnectionBook::State& connection = connections[info.connection];
    --connection.pending;
    if (info.arrival_ns < connection.last_served_ns) ledger.Reordered();
    connection.last_served_ns = info.arrival_ns;
    ledger.Served(info, now_ns);
    packets.Free(packet);
  }
  void Drop(PacketIndex packet, DropReason reason) {
    const PacketInfo& info = packets.info(packet);
    --connections[info.connection].pending;
    ledger.Dropped(info.arrival_ns, reason);
    packets.Free(packet);
  }

  PacketStore packets;
  ConnectionBook connections;
  std::vector<BucketTally> buckets;
  Ledger ledger;
};

}  // namespace lb::sim

#endif  // LB_SIM_HOST_STATE_H_
