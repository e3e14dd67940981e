// What connections, fair queue and timers cost a packet. Times are per packet
// (items) and of one thread; compare figures of one run only.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "dataplane/core/bucket_due_queue.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/connection_table.h"
#include "dataplane/core/fair_queue.h"
#include "dataplane/core/packet_list.h"
#include "dataplane/core/timing_wheel.h"

namespace lb::dataplane {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::uint32_t kBuckets = 1'024;
constexpr TimerTick kIdleTicks = 60'000;

FlowKey Key(std::uint32_t n) {
  FlowKey key;
  key.version = IpVersion::kIpv4;
  key.protocol = 17;
  std::memcpy(key.source.data(), &n, sizeof n);
  key.destination[0] = 10;
  key.source_port = static_cast<std::uint16_t>(n * 7 + 1);
  key.destination_port = 443;
  return key;
}

// Good enough a hash for numbers: a bijection (splitmix's finalizer, cut).
std::uint32_t Hash(std::uint32_t n) {
  std::uint64_t x = (n + 1) * 0x9e37'79b9'7f4a'7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  return static_cast<std::uint32_t>(x >> 32);
}

// Times the body of one iteration, a batch of packets, and keeps the median:
// a batch takes microseconds, so that whatever else the machine does shows in
// the mean and not in the median.
class BatchTimer {
 public:
  template <class Body>
  void operator()(benchmark::State& state, Body&& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
    if (times_.size() < kMost) times_.push_back(took.count());
  }

  void Report(benchmark::State& state) {
    state.SetItemsProcessed(state.iterations() *
                            static_cast<std::int64_t>(kBatch));
    if (times_.empty()) return;
    const auto middle =
        times_.begin() + static_cast<std::ptrdiff_t>(times_.size() / 2);
    std::nth_element(times_.begin(), middle, times_.end());
    state.counters["median_ns"] = *middle * 1e9 / kBatch;
  }

 private:
  static constexpr std::size_t kMost = 1'000'000;
  std::vector<double> times_;
};

// Packets on huge pages, as everything that is touched at random must be.
class Packets {
 public:
  explicit Packets(std::size_t count)
      : packets_(static_cast<Packet*>(
            ::operator new(count * sizeof(Packet), kAlignment))) {
    ::madvise(packets_, count * sizeof(Packet), MADV_HUGEPAGE);
    for (std::size_t i = 0; i < count; ++i) ::new (packets_ + i) Packet();
  }
  ~Packets() { ::operator delete(packets_, kAlignment); }
  Packets(const Packets&) = delete;
  Packets& operator=(const Packets&) = delete;

  Packet* data() { return packets_; }
  Packet& operator[](PacketIndex packet) { return packets_[packet]; }

 private:
  static constexpr std::align_val_t kAlignment{2 << 20};
  Packet* packets_;
};

// Connections in a table and batches of packets for them, as a ring would
// bring them: parsed, hashed, and still in the cache.
class Host {
 public:
  Host(std::uint32_t connections, std::uint32_t pool_packets)
      : pool_(std::move(ConnectionPool::Create(1'048'576)).value()),
        cache_(*pool_),
        table_(*pool_, kBuckets),
        packets_(pool_packets),
        connection_of_(pool_packets) {
    for (std::uint32_t i = 0; i < connections; ++i) {
      const ConnectionIndex index = cache_.Allocate();
      (*pool_)[index].key = Key(i);
      (*pool_)[index].hash = Hash(i);
      table_.Insert(index);
      order_.push_back(i);
    }
    std::shuffle(order_.begin(), order_.end(), std::mt19937(1));
    for (PacketIndex i = pool_packets; i-- > 0;) free_.push_back(i);
  }

  // A free packet for the next connection in random order; each gets its turn.
  PacketIndex Arrive() {
    const PacketIndex packet = free_.back();
    free_.pop_back();
    const std::uint32_t n = order_[next_++ % order_.size()];
    packets_[packet].key = Key(n);
    packets_[packet].hash = Hash(n);
    packets_[packet].wire_bytes = 64;
    return packet;
  }
  void NextBatch() {
    for (PacketIndex& packet : batch) packet = Arrive();
  }
  void Recycle(PacketIndex packet) { free_.push_back(packet); }

  // Finds the batch's connections in stages that hide the waits for memory.
  void FindBatch() {
    for (const PacketIndex packet : batch) {
      table_.PrefetchHead(packets_[packet].hash);
    }
    for (const PacketIndex packet : batch) {
      table_.PrefetchConnection(packets_[packet].hash);
    }
    for (std::size_t i = 0; i < kBatch; ++i) {
      const Packet& packet = packets_[batch[i]];
      found[i] = table_.Find(packet.hash, packet.key);
    }
  }

  Connection& connection(ConnectionIndex index) { return (*pool_)[index]; }
  Connection* connections() { return pool_->base(); }
  Packet* packets() { return packets_.data(); }
  // For a queue that does not know connections.
  ConnectionIndex& connection_of(PacketIndex packet) {
    return connection_of_[packet];
  }

  // What the `count` handler does.
  void Count(Connection& connection, PacketIndex packet) {
    now_ns_ += 100;
    ++connection.packets;
    connection.bytes += packets_[packet].wire_bytes;
    connection.last_seen_ns = now_ns_;
    TimingWheel::PushBack(
        connection, static_cast<TimerTick>(now_ns_ / 1'000'000) + kIdleTicks);
  }

  std::array<PacketIndex, kBatch> batch{};
  std::array<ConnectionIndex, kBatch> found{};

 private:
  std::unique_ptr<ConnectionPool> pool_;
  ConnectionCache cache_;
  ConnectionTable table_;
  Packets packets_;
  std::vector<ConnectionIndex> connection_of_;
  std::vector<std::uint32_t> order_;
  std::size_t next_ = 0;
  std::vector<PacketIndex> free_;
  std::int64_t now_ns_ = 0;
};

std::uint32_t Connections(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}

// Serves `most` packets by turns in which each takes `service_ns`.
void ServeFair(Host& host, FairQueue& queue, std::size_t most,
               std::int64_t service_ns) {
  while (most > 0) {
    const ConnectionIndex index = queue.NextTurn();
    if (index == kNoConnection) return;
    Connection& connection = host.connection(index);
    const std::int64_t budget = queue.TurnBudget();
    std::int64_t spent = 0;
    std::uint32_t served = 0;
    while (most > 0 && spent < budget) {
      const PacketIndex packet = queue.Dequeue(index);
      if (packet == kNoPacket) break;
      host.Count(connection, packet);
      host.Recycle(packet);
      spent += service_ns;
      ++served;
      --most;
    }
    queue.EndTurn(index, spent, served);
  }
}

void Lookup(benchmark::State& state) {
  BatchTimer timer;
  Host host(Connections(state), 16 * kBatch);
  for (auto _ : state) {
    host.NextBatch();
    timer(state, [&] { host.FindBatch(); });
    for (const PacketIndex packet : host.batch) host.Recycle(packet);
  }
  timer.Report(state);
}

// Lookup and count without any queue between.
void LookupAndCount(benchmark::State& state) {
  BatchTimer timer;
  Host host(Connections(state), 16 * kBatch);
  for (auto _ : state) {
    host.NextBatch();
    timer(state, [&] {
      host.FindBatch();
      for (std::size_t i = 0; i < kBatch; ++i) {
        host.Count(host.connection(host.found[i]), host.batch[i]);
      }
    });
    for (const PacketIndex packet : host.batch) host.Recycle(packet);
  }
  timer.Report(state);
}

void EnqueueBatch(Host& host, FairQueue& queue) {
  for (const ConnectionIndex index : host.found) queue.PrefetchEnqueue(index);
  for (std::size_t i = 0; i < kBatch; ++i) {
    const PacketIndex dropped = queue.Enqueue(host.found[i], host.batch[i]);
    if (dropped != kNoPacket) host.Recycle(dropped);
  }
}

// The whole way: lookup, fair queue, count.
void WholeWay(benchmark::State& state) {
  BatchTimer timer;
  Host host(Connections(state), 16 * kBatch);
  FairQueue queue(host.connections(), host.packets(), {});
  for (auto _ : state) {
    host.NextBatch();
    timer(state, [&] {
      host.FindBatch();
      EnqueueBatch(host, queue);
      ServeFair(host, queue, kBatch, 100);
    });
  }
  timer.Report(state);
}

// Packets that wait for each connection while it is backlogged.
constexpr std::uint32_t kWaiting = 4;

void BackloggedFifo(benchmark::State& state) {
  BatchTimer timer;
  const std::uint32_t waiting = Connections(state) * kWaiting;
  Host host(Connections(state), waiting + kBatch);
  PacketList fifo;
  const auto enqueue = [&] {
    host.FindBatch();
    for (std::size_t i = 0; i < kBatch; ++i) {
      host.connection_of(host.batch[i]) = host.found[i];
      fifo.Push(host.packets(), host.batch[i]);
    }
  };
  while (fifo.size() < waiting / kBatch * kBatch) {
    host.NextBatch();
    enqueue();
  }
  for (auto _ : state) {
    host.NextBatch();
    timer(state, [&] {
      enqueue();
      for (std::size_t i = 0; i < kBatch; ++i) {
        const PacketIndex packet = fifo.Pop(host.packets());
        host.Count(host.connection(host.connection_of(packet)), packet);
        host.Recycle(packet);
      }
    });
  }
  timer.Report(state);
}

// Every packet uses up its connection's quantum, so every one is a turn: the
// fair queue's most expensive case.
void BackloggedFair(benchmark::State& state) {
  BatchTimer timer;
  const std::uint32_t waiting = Connections(state) * kWaiting;
  Host host(Connections(state), waiting + kBatch);
  FairQueueOptions options;
  options.limit = waiting + kBatch;
  FairQueue queue(host.connections(), host.packets(), options);
  const auto enqueue = [&] {
    host.FindBatch();
    EnqueueBatch(host, queue);
  };
  while (queue.packets() < waiting / kBatch * kBatch) {
    host.NextBatch();
    enqueue();
  }
  for (auto _ : state) {
    host.NextBatch();
    timer(state, [&] {
      enqueue();
      ServeFair(host, queue, kBatch, 50'000);
    });
  }
  timer.Report(state);
}

// The queue is full: every packet that comes in makes the longest queue lose
// one. Lookup included.
void Drop(benchmark::State& state) {
  BatchTimer timer;
  const std::uint32_t waiting = Connections(state);
  Host host(Connections(state), waiting + kBatch);
  FairQueueOptions options;
  options.limit = waiting;
  FairQueue queue(host.connections(), host.packets(), options);
  const auto enqueue = [&] {
    host.FindBatch();
    EnqueueBatch(host, queue);
  };
  while (queue.packets() < waiting) {
    host.NextBatch();
    enqueue();
  }
  for (auto _ : state) {
    host.NextBatch();
    timer(state, enqueue);
  }
  timer.Report(state);
}

std::vector<ConnectionIndex> RandomOrder(std::uint32_t connections) {
  std::vector<ConnectionIndex> order(connections);
  for (ConnectionIndex i = 0; i < connections; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  return order;
}

void TimerRefresh(benchmark::State& state) {
  Host host(Connections(state), 1);
  const std::vector<ConnectionIndex> order = RandomOrder(Connections(state));
  TimingWheel wheel(host.connections());
  for (const ConnectionIndex index : order) wheel.Schedule(index, 60'000);
  TimerTick deadline = 60'000;
  std::size_t next = 0;
  for (auto _ : state) {
    ++deadline;
    for (std::size_t i = 0; i < kBatch; ++i) {
      TimingWheel::PushBack(host.connection(order[next]), deadline);
      if (++next == order.size()) next = 0;
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(kBatch));
}

// Timers of one wheel, due at random within a minute, are set and then fire in
// one go, as DPDK's own benchmark of its timers does: time per timer fired.
void TimerExpiryAtOnce(benchmark::State& state) {
  Host host(Connections(state), 1);
  const std::vector<ConnectionIndex> order = RandomOrder(Connections(state));
  TimingWheel wheel(host.connections());
  std::mt19937 random(1);
  TimerTick now = 0;
  std::int64_t fired = 0;
  for (auto _ : state) {
    for (const ConnectionIndex index : order) {
      wheel.Schedule(index, now + 1 + random() % 60'000);
    }
    now += 60'001;
    const auto start = std::chrono::steady_clock::now();
    wheel.Advance(now, order.size(), [&](ConnectionIndex index) {
      benchmark::DoNotOptimize(index);
      ++fired;
    });
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
  }
  state.SetItemsProcessed(fired);
}

// All connections have a timer within the next 60 s, in the wheels of 1,024
// buckets; each that fires is set again. Waking, filing again and firing
// included: time per timer fired.
void TimerExpiry(benchmark::State& state) {
  Host host(Connections(state), 1);
  std::vector<TimingWheel> wheels(kBuckets, TimingWheel(host.connections()));
  BucketDueQueue due(kBuckets);
  std::mt19937 random(1);
  for (const ConnectionIndex index : RandomOrder(Connections(state))) {
    const std::uint32_t bucket = host.connection(index).hash % kBuckets;
    wheels[bucket].Schedule(index, 1 + random() % 60'000);
    due.Lower(BucketId(bucket), wheels[bucket].NextDue());
  }
  std::int64_t fired = 0;
  for (auto _ : state) {
    const TimerTick now = due.Top().tick;
    for (BucketDue top = due.Top(); top.tick <= now; top = due.Top()) {
      TimingWheel& wheel = wheels[top.bucket.index()];
      wheel.Advance(now, kBatch, [&](ConnectionIndex index) {
        wheel.Schedule(index, now + 60'000);
        ++fired;
      });
      due.Set(top.bucket, wheel.NextDue());
    }
  }
  state.SetItemsProcessed(fired);
}

BENCHMARK(Lookup)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();
BENCHMARK(LookupAndCount)->Arg(1'000)->Arg(100'000)->UseManualTime();
BENCHMARK(WholeWay)->Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseManualTime();
BENCHMARK(BackloggedFifo)->Arg(1'000)->Arg(10'000)->UseManualTime();
BENCHMARK(BackloggedFair)->Arg(1'000)->Arg(10'000)->UseManualTime();
BENCHMARK(Drop)->Arg(1'000)->Arg(10'000)->Arg(100'000)->UseManualTime();
BENCHMARK(TimerRefresh)->Arg(1'000)->Arg(100'000);
BENCHMARK(TimerExpiryAtOnce)->Arg(1'000)->Arg(100'000)->UseManualTime();
BENCHMARK(TimerExpiry)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

}  // namespace
}  // namespace lb::dataplane
