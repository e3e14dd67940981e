// Connections in a table, and batches of packets for them as a ring would
// bring them: parsed, hashed, and still in the cache. One thread.
#ifndef LB_TESTS_BENCH_BENCH_HOST_H_
#define LB_TESTS_BENCH_BENCH_HOST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "dataplane/core/connection_pool.h"
#include "dataplane/core/connection_table.h"
#include "dataplane/core/fair_queue.h"
#include "dataplane/core/timing_wheel.h"
#include "dataplane/engine/packet_pool.h"
#include "tests/bench/bench_flows.h"

namespace lb::dataplane {

class BenchHost {
 public:
  static constexpr std::uint32_t kBatch = 64;

  // `connections` of a host that has room for a million; at most `packets`
  // packets wait at a time, a power of two.
  BenchHost(std::uint32_t connections, std::uint32_t packets);

  // Makes `batch` packets of connections picked at random. Touches no
  // connection, and nothing else that would push connections out of caches.
  void NextBatch();
  // The same of connections of which each gets its turn, in scattered order.
  void NextBatchInTurn();
  // The batch's packets, or one of them, are done with.
  void RecycleBatch();
  void Recycle(PacketIndex packet) { free_.push_back(packet); }

  // Finds the batch's connections, as a processor does.
  void FindBatch();
  // Finds and enqueues them; what the queue drops is recycled.
  void EnqueueBatch(FairQueue& queue);
  // Serves at most `packets` packets, each said to take `service_ns`.
  void Serve(FairQueue& queue, std::size_t packets, std::int64_t service_ns);

  // What a processor and the `count` handler write into a connection.
  void Count(Connection& connection, PacketIndex packet) {
    now_ns_ += 100;
    ++connection.packets;
    connection.bytes += packets()[packet].wire_bytes;
    connection.last_seen_ns = now_ns_;
    TimingWheel::PushBack(connection,
                          static_cast<TimerTick>(now_ns_ >> 20) + 60'000);
  }

  Connection& connection(ConnectionIndex index) { return (*pool_)[index]; }
  Connection* connections() { return pool_->base(); }
  Packet* packets() { return packets_.packets().data(); }

  // Connections in random order.
  const std::vector<ConnectionIndex>& order() const { return order_; }

  std::array<PacketIndex, kBatch> batch{};
  std::array<ConnectionIndex, kBatch> found{};

 private:
  void Arrive(std::size_t place, std::uint32_t flow);

  const std::uint32_t connection_count_;
  const FlowHash hash_;
  std::unique_ptr<ConnectionPool> pool_;
  ConnectionCache cache_;
  ConnectionTable table_;
  PacketPool packets_;
  std::vector<ConnectionIndex> order_;
  std::uint64_t turn_ = 0;
  std::minstd_rand random_;
  std::vector<PacketIndex> free_;
  std::int64_t now_ns_ = 0;
};

}  // namespace lb::dataplane

#endif  // LB_TESTS_BENCH_BENCH_HOST_H_
