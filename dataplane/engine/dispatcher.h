// Reads one source and deals its packets to the processors' rings.
#ifndef LB_DATAPLANE_ENGINE_DISPATCHER_H_
#define LB_DATAPLANE_ENGINE_DISPATCHER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "common/counters.h"
#include "common/load.h"
#include "dataplane/core/flow_hash.h"
#include "dataplane/core/packet_key.h"
#include "dataplane/core/packet_source.h"
#include "dataplane/engine/descriptor.h"
#include "dataplane/engine/heavy_list.h"
#include "dataplane/engine/packet_pool.h"
#include "dataplane/engine/published_table.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

// One thread. Parse, canonical key, hash, bucket, table, ring: a batch at a
// time, without a lock, an allocation or a system call per packet.
class Dispatcher {
 public:
  static constexpr std::size_t kBatch = 64;

  // Where a processor takes packets in, and how it is woken.
  struct Outlet {
    DescriptorRing* ring;
    Waiter* waiter;
    const HeavyList* heavy;
    // Taken over from, and not back yet: its ring will not empty.
    const std::atomic<bool>* out_of_service;
  };

  // Everything referred to outlives the dispatcher. `buckets` is N.
  Dispatcher(std::size_t index, std::unique_ptr<PacketSource> source,
             const FlowHash& hash, std::uint32_t buckets, PacketPool& pool,
             PublishedTable& table, std::vector<Outlet> outlets,
             Waiter& on_done);

  void Start();
  // Ends the thread at its next batch; Join() waits for it.
  void RequestStop();
  void Join();

  // Any thread.
  bool done() const { return done_.load(std::memory_order_acquire); }
  bool live() const { return live_; }
  // A processor calls this after it has made room or sent buffers home.
  Waiter& room() { return room_; }
  // Sums since the start: arrived and dropped, as far as dispatchers know.
  Counters counters() const;
  // Busy is the thread's CPU time, at most a turn and a millisecond old: what
  // it waited, for packets, room or a CPU, is not in it.
  DispatcherLoad load() const;
  // What was dropped of a bucket before the rings, since the start.
  struct BucketDrops {
    std::uint64_t ring_full = 0;   // packets; what they are of is not known
    std::uint64_t queue_full = 0;  // packets
    std::uint64_t service_ns = 0;  // that those of queue_full would have taken
  };
  BucketDrops drops(std::uint32_t bucket) const;

  // After Join() only.
  const std::array<std::uint64_t, kParseResults>& parse() const {
    return parse_;
  }
  absl::Status status() const { return source_->status(); }

 private:
  void Run();
  std::size_t FillBatch();
  void ParseBatch(std::size_t n);
  void SendBatch(std::size_t n, const TableVersion& table);
  void CountUnparsed(ParseResult result);
  void DropUnsent(PacketIndex packet, BucketId bucket, const Outlet& outlet);
  void DropHeavy(PacketIndex packet, BucketId bucket,
                 const HeavyList::Entry& connection);
  void ReadHeavy();
  bool WaitForRoom(const Outlet& outlet, Descriptor descriptor);
  void PublishRings();
  void WakeWorkers();
  void WaitForSource();
  void WaitForBuffers();

  const std::size_t index_;
  const std::unique_ptr<PacketSource> source_;
  const FlowHash hash_;
  const KeyForm key_form_;
  const std::uint32_t buckets_;
  const bool live_;
  PacketPool& pool_;
  PublishedTable& table_;
  const std::vector<Outlet> outlets_;
  Waiter& on_done_;
  const std::span<Packet> packets_;

  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> done_{false};
  Waiter room_;

  // The thread's own.
  std::array<PacketIndex, kBatch> batch_{};
  std::array<Packet*, kBatch> frames_{};
  std::array<const FlowKey*, kBatch> keys_{};
  std::array<std::uint32_t, kBatch> hashes_{};
  std::array<std::uint64_t, kParseResults> parse_{};
  std::vector<HeavyList::Copy> heavy_;  // by processor
  bool any_heavy_ = false;
  std::uint32_t sequence_ = 0;
  std::uint64_t version_ = 0;
  bool unfenced_ = false;         // rings were published, nobody woken yet
  std::int64_t reckoned_ns_ = 0;  // when busy_ns_ was last brought up to date

  // Written by the thread alone, read by any.
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> dropped_ring_full_{0};
  std::atomic<std::uint64_t> dropped_queue_full_{0};
  std::atomic<std::uint64_t> dropped_takeover_{0};
  std::atomic<std::uint64_t> dropped_by_source_{0};
  std::atomic<std::int64_t> busy_ns_{0};
  struct AtomicDrops {
    std::atomic<std::uint64_t> ring_full{0};
    std::atomic<std::uint64_t> queue_full{0};
    std::atomic<std::uint64_t> service_ns{0};
  };
  std::vector<AtomicDrops> drops_;  // by bucket
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_DISPATCHER_H_
