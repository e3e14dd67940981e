#include "tests/bench/bench_host.h"

#include <algorithm>
#include <random>
#include <utility>

namespace lb::dataplane {

BenchHost::BenchHost(std::uint32_t connections, std::uint32_t packets)
    : connection_count_(connections),
      hash_(BenchHash(HashKind::kSipHash)),
      pool_(std::move(ConnectionPool::Create(1'048'576)).value()),
      cache_(*pool_),
      table_(*pool_, kBenchBuckets),
      packets_(1, 1, packets) {
  for (std::uint32_t n = 0; n < connections; ++n) {
    const ConnectionIndex index = cache_.Allocate();
    Connection& connection = (*pool_)[index];
    connection.key = BenchFlow(n, IpVersion::kIpv4);
    connection.hash = hash_(connection.key);
    table_.Insert(index);
    order_.push_back(index);
  }
  std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
  for (PacketIndex i = packets; i-- > 0;) free_.push_back(i);
}

void BenchHost::NextBatch() {
  for (std::size_t i = 0; i < kBatch; ++i) {
    Arrive(i, static_cast<std::uint32_t>(random_() % connection_count_));
  }
}

void BenchHost::NextBatchInTurn() {
  // Prime, and so prime to any round number of connections.
  constexpr std::uint64_t kStride = 7'919;
  for (std::size_t i = 0; i < kBatch; ++i) {
    Arrive(i,
           static_cast<std::uint32_t>(++turn_ * kStride % connection_count_));
  }
}

void BenchHost::Arrive(std::size_t place, std::uint32_t flow) {
  batch[place] = free_.back();
  free_.pop_back();
  Packet& packet = packets()[batch[place]];
  packet.key = BenchFlow(flow, IpVersion::kIpv4);
  packet.hash = hash_(packet.key);
  packet.wire_bytes = 64;
}

void BenchHost::RecycleBatch() {
  for (const PacketIndex packet : batch) Recycle(packet);
}

void BenchHost::FindBatch() {
  for (const PacketIndex packet : batch) {
    table_.PrefetchHead(packets()[packet].hash);
  }
  for (const PacketIndex packet : batch) {
    table_.PrefetchConnection(packets()[packet].hash);
  }
  for (std::size_t i = 0; i < kBatch; ++i) {
    const Packet& packet = packets()[batch[i]];
    found[i] = table_.Find(packet.hash, packet.key);
  }
}

void BenchHost::EnqueueBatch(FairQueue& queue) {
  FindBatch();
  for (const ConnectionIndex index : found) queue.PrefetchEnqueue(index);
  for (std::size_t i = 0; i < kBatch; ++i) {
    const PacketIndex dropped = queue.Enqueue(found[i], batch[i]);
    if (dropped != kNoPacket) Recycle(dropped);
  }
}

void BenchHost::Serve(FairQueue& queue, std::size_t packets,
                      std::int64_t service_ns) {
  while (packets > 0) {
    const ConnectionIndex index = queue.NextTurn();
    if (index == kNoConnection) return;
    Connection& served = connection(index);
    const std::int64_t budget = queue.TurnBudget();
    std::int64_t spent = 0;
    std::uint32_t count = 0;
    do {
      const PacketIndex packet = queue.Dequeue(index);
      Count(served, packet);
      Recycle(packet);
      spent += service_ns;
      ++count;
      --packets;
    } while (packets > 0 && spent < budget && !served.queue.empty());
    queue.EndTurn(index, spent, count);
  }
}

}  // namespace lb::dataplane
