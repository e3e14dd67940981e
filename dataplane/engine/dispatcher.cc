#include "dataplane/engine/dispatcher.h"

#include <string>
#include <utility>

#include "common/thread_name.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/store_load_fence.h"
#include "dataplane/engine/thread_cpu.h"

namespace lb::dataplane {
namespace {

// How long a dispatcher sleeps at most before it looks whether to stop.
constexpr std::chrono::milliseconds kLongestSleep{20};

// How often a dispatcher writes down its CPU time: reading it costs as much as
// dealing some 20 packets.
constexpr std::int64_t kReckonNs = 1'000'000;

// For counters with one writer: no locked instruction.
template <class T>
void AddRelaxed(std::atomic<T>& counter, T by) {
  counter.store(counter.load(std::memory_order_relaxed) + by,
                std::memory_order_relaxed);
}

}  // namespace

Dispatcher::Dispatcher(std::size_t index, std::unique_ptr<PacketSource> source,
                       const FlowHash& hash, std::uint32_t buckets,
                       PacketPool& pool, PublishedTable& table,
                       std::vector<Outlet> outlets, Waiter& on_done)
    : index_(index),
      source_(std::move(source)),
      hash_(hash),
      key_form_(KeyFormFor(hash)),
      buckets_(buckets),
      live_(source_->live()),
      pool_(pool),
      table_(table),
      outlets_(std::move(outlets)),
      on_done_(on_done),
      packets_(pool.packets()),
      heavy_(outlets_.size()),
      drops_(buckets) {}

void Dispatcher::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Dispatcher::RequestStop() {
  stop_.store(true, std::memory_order_seq_cst);
  room_.Notify();
}

void Dispatcher::Join() {
  if (thread_.joinable()) thread_.join();
}

Counters Dispatcher::counters() const {
  Counters counters;
  const std::uint64_t by_source =
      dropped_by_source_.load(std::memory_order_relaxed);
  counters.arrived = received_.load(std::memory_order_relaxed) + by_source;
  counters.drop(DropReason::kSource) = by_source;
  counters.drop(DropReason::kRingFull) =
      dropped_ring_full_.load(std::memory_order_relaxed);
  counters.drop(DropReason::kQueueFull) =
      dropped_queue_full_.load(std::memory_order_relaxed);
  counters.drop(DropReason::kTakeover) =
      dropped_takeover_.load(std::memory_order_relaxed);
  return counters;
}

DispatcherLoad Dispatcher::load() const {
  return {std::chrono::nanoseconds(busy_ns_.load(std::memory_order_relaxed)),
          received_.load(std::memory_order_relaxed)};
}

Dispatcher::BucketDrops Dispatcher::drops(std::uint32_t bucket) const {
  const AtomicDrops& drops = drops_[bucket];
  return {drops.ring_full.load(std::memory_order_relaxed),
          drops.queue_full.load(std::memory_order_relaxed),
          drops.service_ns.load(std::memory_order_relaxed)};
}

void Dispatcher::Run() {
  NameThread("dispatcher " + std::to_string(index_));
  while (!stop_.load(std::memory_order_relaxed)) {
    const TableVersion& table = table_.Enter(index_);
    if (table.version != version_) {
      version_ = table.version;
      // Processors may be waiting for us to have seen this version.
      for (const Outlet& outlet : outlets_) outlet.waiter->Notify();
    }
    const std::size_t n = FillBatch();
    if (n > 0) {
      ParseBatch(n);
      WakeWorkers();  // for the batch before
      SendBatch(n, table);
      PublishRings();
    }
    const std::int64_t now_ns = CycleClock::Get().NowNs();
    if (now_ns - reckoned_ns_ >= kReckonNs) {
      reckoned_ns_ = now_ns;
      busy_ns_.store(ThreadCpuNs(), std::memory_order_relaxed);
    }
    if (n == 0 && source_->exhausted()) break;
  }
  busy_ns_.store(ThreadCpuNs(), std::memory_order_relaxed);
  WakeWorkers();
  table_.Leave(index_);
  for (const Outlet& outlet : outlets_) outlet.waiter->Notify();
  done_.store(true, std::memory_order_seq_cst);
  on_done_.Notify();
}

// Takes free buffers and lets the source fill them; waits where nothing is to
// be had. Returns the number of packets.
std::size_t Dispatcher::FillBatch() {
  const std::size_t taken = pool_.Take(index_, batch_);
  if (taken == 0) {
    WakeWorkers();
    WaitForBuffers();
    return 0;
  }
  for (std::size_t i = 0; i < taken; ++i) frames_[i] = &packets_[batch_[i]];
  const std::size_t n = source_->Receive({frames_.data(), taken});
  if (n < taken) {
    pool_.PutBack(index_, {batch_.data() + n, taken - n});
  }
  if (n == 0 && !source_->exhausted()) {
    WakeWorkers();
    WaitForSource();
  }
  dropped_by_source_.store(source_->dropped(), std::memory_order_relaxed);
  return n;
}

void Dispatcher::WaitForSource() {
  if (table_.Leave(index_)) source_->Wait(kLongestSleep);
}

void Dispatcher::WaitForBuffers() {
  room_.Prepare();
  std::array<PacketIndex, 1> one;
  if (pool_.Take(index_, one) == 1) {
    pool_.PutBack(index_, one);
    room_.Cancel();
  } else if (stop_.load(std::memory_order_seq_cst) || !table_.Leave(index_)) {
    room_.Cancel();
  } else {
    room_.Sleep(kLongestSleep);
  }
}

// Keys are made in place, and read a round later: whoever reads in whole what
// was just written in parts waits until all of it has reached the cache.
void Dispatcher::ParseBatch(std::size_t n) {
  const std::span<Packet* const> packets{frames_.data(), n};
  WriteKeys(packets, key_form_);
  for (std::size_t i = 0; i < n; ++i) keys_[i] = &packets[i]->key;
  hash_.Bulk({keys_.data(), n}, hashes_);
  AddRelaxed(received_, std::uint64_t{n});
}

void Dispatcher::SendBatch(std::size_t n, const TableVersion& table) {
  if (live_) ReadHeavy();
  parse_[static_cast<std::size_t>(ParseResult::kOk)] += n;
  for (std::size_t i = 0; i < n; ++i) {
    Packet& packet = *frames_[i];
    // What cannot be parsed goes to a fixed bucket.
    const bool parsed = packet.parse == ParseResult::kOk;
    if (!parsed) CountUnparsed(packet.parse);
    const std::uint32_t hash = parsed ? hashes_[i] : 0;
    packet.hash = hash;
    packet.sequence = sequence_++;
    const BucketId bucket = BucketOf(hash, buckets_);
    const std::size_t owner = table.owner[bucket.index()].index();
    if (any_heavy_) {
      const auto* const connection = heavy_[owner].Find(hash, packet.key);
      if (connection != nullptr) {
        DropHeavy(batch_[i], bucket, *connection);
        continue;
      }
    }
    const Outlet& outlet = outlets_[owner];
    const Descriptor descriptor{batch_[i], hash};
    if (outlet.ring->Push(descriptor)) continue;
    if (!live_ && WaitForRoom(outlet, descriptor)) continue;
    DropUnsent(batch_[i], bucket, outlet);
  }
}

void Dispatcher::CountUnparsed(ParseResult result) {
  --parse_[static_cast<std::size_t>(ParseResult::kOk)];
  ++parse_[static_cast<std::size_t>(result)];
}

void Dispatcher::DropUnsent(PacketIndex packet, BucketId bucket,
                            const Outlet& outlet) {
  // A source that can wait does, unless the owner is out or we are to stop.
  const bool taken_over = live_ ? outlet.out_of_service->load() : !stop_.load();
  AddRelaxed(drops_[bucket.index()].ring_full, std::uint64_t{1});
  AddRelaxed(taken_over ? dropped_takeover_ : dropped_ring_full_,
             std::uint64_t{1});
  pool_.PutBack(index_, {&packet, 1});
}

void Dispatcher::DropHeavy(PacketIndex packet, BucketId bucket,
                           const HeavyList::Entry& connection) {
  AtomicDrops& drops = drops_[bucket.index()];
  AddRelaxed(drops.queue_full, std::uint64_t{1});
  AddRelaxed(drops.service_ns, std::uint64_t{connection.mean_service_ns});
  AddRelaxed(dropped_queue_full_, std::uint64_t{1});
  pool_.PutBack(index_, {&packet, 1});
}

void Dispatcher::ReadHeavy() {
  any_heavy_ = false;
  for (std::size_t p = 0; p < outlets_.size(); ++p) {
    outlets_[p].heavy->Read(heavy_[p]);
    any_heavy_ |= !heavy_[p].empty();
  }
}

// Blocks until the owner has made room. False if it is out of service, or if we
// are to stop.
bool Dispatcher::WaitForRoom(const Outlet& outlet, Descriptor descriptor) {
  PublishRings();
  WakeWorkers();
  while (!stop_.load(std::memory_order_seq_cst)) {
    room_.Prepare();
    if (outlet.ring->Push(descriptor)) {
      room_.Cancel();
      return true;
    }
    if (outlet.out_of_service->load(std::memory_order_seq_cst)) {
      room_.Cancel();
      return false;
    }
    outlet.waiter->Notify();
    room_.Sleep(kLongestSleep);
  }
  return false;
}

void Dispatcher::PublishRings() {
  for (const Outlet& outlet : outlets_) unfenced_ |= outlet.ring->Publish();
}

// Called once the next batch is parsed, or before we wait: the fence waits for
// all that was published to reach the other CPUs, which takes as long as that.
void Dispatcher::WakeWorkers() {
  if (!unfenced_) return;
  unfenced_ = false;
  StoreLoadFence();
  for (const Outlet& outlet : outlets_) outlet.waiter->Notify();
}

}  // namespace lb::dataplane
