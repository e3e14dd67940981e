#include "tests/bench/bench_host.h"

#include <algorithm>
#include <random>
#include <utility>

namespace lb::dataplane {

BenchHost::BenchHost(std::uint32_t connections, std::uint32_t packets)
    : pool_(std::move(ConnectionPool::Create(1'048'576)).value()),
      cache_(*pool_),
      table_(*pool_, kBenchBuckets),
      packets_(1, 1, packets) {
  const FlowHash hash = BenchHash(HashKind::kSipHash);
  for (std::uint32_t n = 0; n < connections; ++n) {
    const ConnectionIndex index = cache_.Allocate();
    Connection& connection = (*pool_)[index];
    connection.key = BenchFlow(n, IpVersion::kIpv4);
    connection.hash = hash(connection.key);
    table_.Insert(index);
    order_.push_back(index);
  }
  std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
  for (const ConnectionIndex index : order_) {
    arrivals_.push_back({(*pool_)[index].key, (*pool_)[index].hash});
  }
  for (PacketIndex i = packets; i-- > 0;) free_.push_back(i);
}

void BenchHost::NextBatch() {
  for (PacketIndex& index : batch) {
    index = free_.back();
    free_.pop_back();
    Packet& packet = packets()[index];
    packet.key = arrivals_[next_].key;
    packet.hash = arrivals_[next_].hash;
    packet.wire_bytes = 64;
    if (++next_ == arrivals_.size()) next_ = 0;
  }
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
