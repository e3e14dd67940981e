// A simulated host: what an agent with its data plane is to the controller.
// Takes packets, reports, applies tables, loses processors. One thread; times
// are ns of the simulation and never decrease from call to call.
#ifndef LB_SIM_HOST_H_
#define LB_SIM_HOST_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"
#include "sim/host_state.h"
#include "sim/processor.h"
#include "sim/scenario.h"
#include "sim/workload.h"

namespace lb::sim {

class Host {
 public:
  // `scenario` is valid; at most `open` connections are open at a time.
  Host(const Scenario& scenario, std::size_t open, std::uint64_t seed);

  const Layout& layout() const { return layout_; }
  const Table& table() const { return table_; }
  Digest digest() const { return digest_; }
  HostState& state() { return state_; }
  const HostState& state() const { return state_; }
  // Packets that arrived and are neither served nor dropped.
  std::uint64_t queued() const { return state_.packets.used(); }

  void Arrive(const Arrival& arrival);
  void AdvanceTo(std::int64_t now_ns);

  // Closes the interval and says what was measured; empty if it has just been
  // closed.
  std::optional<LoadSample> Report(std::int64_t now_ns);

  // The table changes, and its buckets start to move. Returns when they may be
  // served again: then FinishMoves() is due, and no other table may be applied
  // before.
  std::int64_t Apply(const Table& table, std::int64_t now_ns);
  // Returns when it is due again, if an old owner got slower in the meantime
  // and is not done with a packet; until then the host is still moving().
  std::int64_t FinishMoves(std::int64_t now_ns);
  bool moving() const { return !transits_.empty(); }

  void SetSpeed(ProcessorId processor, std::uint32_t permille,
                std::int64_t now_ns);
  void Drain(ProcessorId processor);
  void Fail(ProcessorId processor, std::int64_t now_ns);
  // A processor that failed and is not back loses its buckets to the others.
  // True if the table changed.
  bool TakeOver(ProcessorId processor, std::int64_t now_ns);
  void Return(ProcessorId processor, std::int64_t now_ns);

  // What was offered since the last call over what could be served.
  struct Offered {
    double utilization = 0;
    double imbalance = 1;
  };
  Offered TakeOffered(std::int64_t elapsed_ns);

 private:
  // A bucket that has left its old owner and has not reached its new one.
  struct Transit {
    BucketId bucket;
    ProcessorId from;
    dataplane::PacketList taken;  // waited at the old owner
    dataplane::PacketList held;   // arrived since
  };
  static constexpr std::uint32_t kAtHome = 0xffff'ffff;

  Processor& OwnerOf(BucketId bucket) {
    return processors_[table_.owner[bucket.index()].index()];
  }
  void Hold(PacketIndex packet, Transit& transit);
  void SetTable(const Table& table);
  std::vector<BucketLoad> CloseBuckets(std::int64_t elapsed_ns);

  const Scenario scenario_;
  Layout layout_;
  Table table_;
  Digest digest_;
  HostState state_;
  std::vector<Processor> processors_;
  std::vector<bool> drained_;
  std::vector<bool> taken_over_;
  std::vector<Transit> transits_;
  std::vector<std::uint32_t> transit_of_;  // by bucket, or kAtHome
  std::vector<std::uint64_t> offered_ns_;  // by processor
  std::int64_t interval_start_ns_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_HOST_H_
