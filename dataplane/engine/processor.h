// One processor: a monitor with a worker thread and a timer thread on one CPU.
// The design's page on the data plane has the whole picture.
#ifndef LB_DATAPLANE_ENGINE_PROCESSOR_H_
#define LB_DATAPLANE_ENGINE_PROCESSOR_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "common/ids.h"
#include "dataplane/core/bucket.h"
#include "dataplane/core/bucket_due_queue.h"
#include "dataplane/core/connection_pool.h"
#include "dataplane/core/fair_queue.h"
#include "dataplane/core/packet_handler.h"
#include "dataplane/engine/bucket_store.h"
#include "dataplane/engine/descriptor.h"
#include "dataplane/engine/dispatcher.h"
#include "dataplane/engine/heavy_list.h"
#include "dataplane/engine/mailbox.h"
#include "dataplane/engine/output_ring.h"
#include "dataplane/engine/packet_pool.h"
#include "dataplane/engine/processor_ledger.h"
#include "dataplane/engine/processor_sample.h"
#include "dataplane/engine/published_table.h"
#include "dataplane/engine/utilization_sampler.h"
#include "dataplane/engine/waiter.h"

namespace lb::dataplane {

class OutputThread;
class Processor;

// What the processors of one data plane share. Everything outlives them.
struct ProcessorShared {
  PacketPool& packets;
  PublishedTable& table;
  ConnectionPool& connections;
  BucketStore& buckets;
  Waiter& idle;  // notified when a processor runs out of work
  std::size_t dispatcher_count = 0;
  std::int64_t start_ns = 0;  // tick 0 of every timer
  bool spin = false;
  // Both filled before any processor starts.
  std::vector<std::unique_ptr<Processor>> processors{};
  std::vector<std::unique_ptr<Dispatcher>> dispatchers{};
  // The same; without an output thread nothing can be sent.
  OutputRings outputs{};
  std::unique_ptr<OutputThread> output{};
};

struct ProcessorOptions {
  ProcessorId id;
  std::optional<std::uint32_t> cpu;  // pin both threads to it
  std::uint32_t ring_packets = 0;
  // Packets that may wait before sources that can wait must, and before the
  // longest queue pays; a LimitQueue may lower the latter.
  std::uint32_t queue_packets = 0;
  std::uint32_t queue_limit = 0;
  std::uint32_t hold_packets = 0;       // limit of what is held for moves
  std::chrono::nanoseconds quantum{0};  // until a LimitQueue has another
  std::chrono::milliseconds idle_timeout{0};
  // Serve only while there is room for output, as sources that can wait allow.
  bool wait_for_output = false;
};

// The worker takes the lock once per batch (kBatchNs, half of it at most for
// the rings, and the packet under way), the timer thread once per wake;
// everything marked "monitor" is plain data under it. Nobody else takes it.
class Processor {
 public:
  static constexpr std::size_t kIntake = 64;  // descriptors taken in at once
  static constexpr std::int64_t kBatchNs = 100'000;
  static constexpr std::size_t kExpiryBatch = 64;

  // Starts as the owner of the buckets `owned`.
  Processor(const ProcessorOptions& options, ProcessorShared& shared,
            std::unique_ptr<PacketHandler> handler,
            std::span<const BucketId> owned);

  void Start();
  void RequestStop();
  void Join();

  // Any thread.
  Waiter& waiter() { return waiter_; }
  void Post(Mail mail) {
    mailbox_.Put(std::move(mail));
    waiter_.Notify();
  }
  // Dispatcher d pushes into it.
  DescriptorRing& ring(std::size_t d) { return *rings_[d]; }
  // What dispatchers need not push.
  const HeavyList& heavy() const { return heavy_; }
  // Packets in its rings; a momentary truth.
  std::uint64_t in_rings() const;
  // Nothing is in the rings, queued or held, and the worker sleeps. Only a
  // momentary truth unless every dispatcher is done.
  bool Drained() const;
  // CPU time of both threads since Start(); they must not have been joined.
  std::int64_t CpuNs();
  // Rises with every takeover from this processor. What it does is for the
  // generation it last joined; whatever belongs to an earlier one than this is
  // void.
  std::uint32_t generation() const { return ledger_.generation(); }
  // Taken over from, and not back yet.
  const std::atomic<bool>& out_of_service() const { return out_; }
  // Packets ever pushed into its rings.
  std::uint64_t sent() const;
  // Changes with every batch, and so with every turn.
  std::uint32_t turns() const { return ledger_.entries(); }
  // Packets or timers wait for it, or are in its hands.
  bool WorkWaits() const { return working_.load() || backlog() > 0; }
  // Packets it could serve now; a momentary truth.
  std::uint64_t backlog() const { return waiting_.load() + in_rings(); }
  bool MailWaits() const { return mailbox_.any(); }

  // Control thread: what it has not accounted for by now it never will. Returns
  // its last account. From here until it answers a ComeBack, all that it holds
  // is its own to throw away.
  ProcessorLedger::Entry Fence();

  // After every processor's Join() only: as a sample would show it.
  const ProcessorCounters& counters() const { return counters_; }
  std::uint64_t waiting() const { return queue_.packets() + held_packets_; }
  // Packets of buckets that were on their way to it.
  std::uint64_t in_mail() const;
  std::uint64_t free_connections() const { return connection_cache_.size(); }
  std::int64_t busy_total_ns() const { return busy_total_ns_; }

 private:
  // What a processor knows of a bucket.
  struct Slot {
    Bucket* bucket = nullptr;  // null: not ours
    bool incoming = false;     // ours soon: hold what arrives
    PacketList held;
    std::uint64_t hold_drops = 0;  // since it became incoming
  };
  // Buckets leaving with one plan.
  struct Release {
    std::shared_ptr<MoveBatch> batch;
    std::uint64_t version = 0;
    std::vector<std::optional<std::uint64_t>> fences;  // by dispatcher
  };

  // processor.cc: the threads.
  void RunWorker();
  bool RunBatch();
  bool Commit();
  bool HasWork() const;
  bool HasWorkBeforeSleep() const;
  void Idle();
  void LetTimersIn();
  void AccountBatch(std::int64_t start_ns, std::int64_t cpu_start_ns);

  // processor_intake.cc: from the rings into the queues.
  std::size_t TakeIn(std::int64_t batch_start_ns);
  std::size_t TakeFrom(std::size_t d);
  bool MayTakeFrom(std::size_t d) const;
  void Accept(const Descriptor& descriptor);
  void LoseUnexpected();
  void Enqueue(Bucket& bucket, PacketIndex packet);
  ConnectionIndex MakeConnection(Bucket& bucket, const Packet& packet);
  void Hold(Slot& slot, PacketIndex packet);
  void DropVictim(PacketIndex packet);
  void Drop(PacketIndex packet, DropReason reason, Bucket& bucket,
            std::uint64_t service_ns);
  void NameHeavy();

  // processor_service.cc: from the queues to the handler.
  std::size_t Serve(std::int64_t batch_start_ns, std::int64_t cpu_start_ns);
  void ServePacket(ConnectionIndex index, PacketIndex packet);
  void CheckOrder(Connection& connection, const Packet& packet);

  // processor_output.cc: what the handler wants sent.
  bool MayServe() { return !options_.wait_for_output || OutputHasRoom(); }
  bool OutputHasRoom();
  void SendOn(PacketIndex packet);
  void PublishOutput();
  void WaitForOutput();

  // processor_moves.cc: mail, fences, hand-over.
  bool HandleMail();
  void Handle(const ExpectBuckets& mail);
  void Handle(const ReleaseBuckets& mail);
  void Handle(const AdoptBucket& mail);
  void Handle(const OwnBuckets& mail);
  void Handle(const ComeBack& mail) { come_back_ = mail; }
  void Handle(const TakeSample& mail);
  void Handle(const LimitQueue& mail);
  void Handle(const VisitBucket& mail);
  bool ReleaseBehindFences();
  std::uint64_t Detach(BucketId bucket);
  void Adopt(Bucket& bucket);
  BucketLoad CloseInterval(Bucket& bucket, std::int64_t wall_ns);

  // processor_takeover.cc: back from a handler that hung.
  bool ThrowAway();
  void Empty();
  void VoidSinceCommit();
  void Discard(Bucket& bucket);
  void DiscardPacket(PacketIndex packet);
  bool DiscardMail();
  std::size_t DiscardRings();
  bool MayComeBack() const;

  // processor_timers.cc: the timer thread.
  void RunTimers();
  std::size_t ExpireDue();
  void Expire(Bucket& bucket, ConnectionIndex index);
  void SetTimer(ConnectionIndex index, std::chrono::milliseconds after);
  // The tick by which `after` from now_ns_ has passed.
  TimerTick TickAfter(std::chrono::milliseconds after) const;
  void Forget(Bucket& bucket, ConnectionIndex index);

  TimerTick TickOf(std::int64_t now_ns) const {
    return static_cast<TimerTick>((now_ns - shared_.start_ns) / 1'000'000);
  }

  const ProcessorOptions options_;
  ProcessorShared& shared_;
  const std::size_t index_;
  const std::uint32_t bucket_mask_;
  Packet* const packets_;  // base of the pool
  const std::unique_ptr<PacketHandler> handler_;
  // One more for the tick that has begun, one for the batch: a packet may be
  // served later than now_tick_, by less than that.
  const TimerTick idle_ticks_;
  OutputRing& output_;

  // Between threads.
  std::vector<std::unique_ptr<DescriptorRing>> rings_;  // by dispatcher
  Mailbox mailbox_;
  Waiter waiter_;        // the worker's
  Waiter timer_waiter_;  // the timer thread's
  std::atomic<bool> stop_{false};
  std::atomic<bool> timers_want_in_{false};
  std::atomic<bool> drained_{false};
  std::atomic<bool> out_{false};
  // For WorkWaits(); hints apart from the ledger.
  std::atomic<bool> working_{false};
  std::atomic<std::uint64_t> waiting_{0};
  ProcessorLedger ledger_;
  HeavyList heavy_;
  std::thread worker_;
  std::thread timers_;

  // Monitor.
  std::mutex monitor_;
  std::vector<Slot> slots_;  // by BucketId
  FairQueue queue_;
  ConnectionCache connection_cache_;
  BucketDueQueue due_;
  std::optional<Release> release_;
  bool overfull_ = false;  // the queue was full, and is not much less
  std::size_t named_ = 0;  // connections in heavy_
  std::uint64_t held_packets_ = 0;
  std::vector<BucketId> unexpected_;  // held for, though not incoming
  std::uint64_t connections_ = 0;     // in the buckets
  bool emptied_ = false;              // since the fence
  std::optional<ComeBack> come_back_;
  ProcessorCounters counters_;
  UtilizationSampler sampler_;
  std::int64_t interval_start_ns_ = 0;
  std::int64_t interval_cpu_ns_ = 0;
  std::uint64_t interval_served_ = 0;  // counters_.served at its start
  std::int64_t busy_total_ns_ = 0;
  std::int64_t now_ns_ = 0;  // of the current turn or expiry
  TimerTick now_tick_ = 0;   // of the current batch or expiry

  // The worker's own.
  std::int64_t sleep_ns_ = 0;    // in the interval
  std::size_t next_ring_ = 0;    // to be taken in first
  bool output_blocked_ = false;  // the last batch ended for want of room
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_PROCESSOR_H_
