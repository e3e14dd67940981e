// From the rings into the queues of the connections.
#include <array>

#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/processor.h"

namespace lb::dataplane {

// All that is in the rings, or what half a batch is enough for: a ring knows
// no fairness, and what stays in it keeps sparse connections waiting behind
// heavy ones. Who waits, and who pays when all is full, is for the fair queue
// to say. Where there is room for one ring only, it is the turn of the one
// after the last: sources that wait share a saturated processor, and each of
// their dispatchers gets on, so that it passes a new table.
std::size_t Processor::TakeIn(std::int64_t batch_start_ns) {
  std::size_t total = 0;
  bool more = true;
  while (more) {
    more = false;
    const std::size_t first = next_ring_;
    for (std::size_t i = 0; i < rings_.size(); ++i) {
      const std::size_t d = (first + i) % rings_.size();
      const std::size_t n = MayTakeFrom(d) ? TakeFrom(d) : 0;
      if (n > 0) next_ring_ = (d + 1) % rings_.size();
      more |= n == kIntake;
      total += n;
    }
    more &= CycleClock::Get().NowNs() - batch_start_ns < kBatchNs / 2;
  }
  return total;
}

std::size_t Processor::TakeFrom(std::size_t d) {
  std::array<Descriptor, kIntake> taken;
  const std::size_t n = rings_[d]->Pop(taken);
  // Three rounds of hints, so that the memory for all packets is under way
  // before the first one is looked at. They look at the bucket's table, so only
  // where it is ours.
  const auto table_of = [&](const Descriptor& descriptor) {
    const Bucket* bucket = slots_[descriptor.hash & bucket_mask_].bucket;
    return bucket == nullptr ? nullptr : bucket->table;
  };
  for (std::size_t i = 0; i < n; ++i) {
    __builtin_prefetch(&packets_[taken[i].packet], /*rw=*/1);
    if (auto* table = table_of(taken[i])) table->PrefetchHead(taken[i].hash);
  }
  for (std::size_t i = 0; i < n; ++i) {
    auto* table = table_of(taken[i]);
    if (table != nullptr) table->PrefetchConnection(taken[i].hash);
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto* table = table_of(taken[i]);
    if (table == nullptr) continue;
    // Likely the one: chains are short.
    const ConnectionIndex first = table->First(taken[i].hash);
    if (first != kNoConnection) queue_.PrefetchEnqueue(first);
  }
  for (std::size_t i = 0; i < n; ++i) Accept(taken[i]);
  return n;
}

// Packets of a source that can wait are left in the ring while the queue is
// full; they are never dropped for want of room. While buckets wait to leave,
// all are taken in: what lies before the fences must not wait until the queue
// has been served, and the buffers bound it.
bool Processor::MayTakeFrom(std::size_t d) const {
  return shared_.dispatchers[d]->live() || release_.has_value() ||
         queue_.packets() + kIntake <= options_.queue_packets;
}

void Processor::Accept(const Descriptor& descriptor) {
  ++counters_.taken_in;
  const BucketId id(descriptor.hash & bucket_mask_);
  Slot& slot = slots_[id.index()];
  if (slot.bucket != nullptr) {
    ++slot.bucket->interval.arrived;
    Enqueue(*slot.bucket, descriptor.packet);
    return;
  }
  // Taken over from another processor for us, after we looked for mail.
  if (!slot.incoming) unexpected_.push_back(id);
  Hold(slot, descriptor.packet);
}

// By now the mail has come that says why we got these packets. Where it has
// not, the fences failed: the packets are neither served nor dropped, so they
// show up as lost.
void Processor::LoseUnexpected() {
  for (const BucketId id : unexpected_) {
    Slot& slot = slots_[id.index()];
    if (slot.bucket != nullptr || slot.incoming) continue;
    while (!slot.held.empty()) {
      --held_packets_;
      shared_.packets.Return(index_, slot.held.Pop(packets_));
    }
  }
  unexpected_.clear();
}

void Processor::Enqueue(Bucket& bucket, PacketIndex packet) {
  const Packet& arrived = packets_[packet];
  ConnectionIndex index = bucket.table->Find(arrived.hash, arrived.key);
  if (index == kNoConnection) {
    if (queue_.NewWouldLose()) {
      Drop(packet, DropReason::kQueueFull, bucket, bucket.mean_service_ns);
      return;
    }
    index = MakeConnection(bucket, arrived);
    if (index == kNoConnection) {
      Drop(packet, DropReason::kConnectionLimit, bucket,
           bucket.mean_service_ns);
      return;
    }
  } else if (queue_.WouldLose(index)) {
    Drop(packet, DropReason::kQueueFull, bucket,
         shared_.connections[index].mean_service_ns);
    return;
  }
  const PacketIndex victim = queue_.Enqueue(index, packet);
  if (victim != kNoPacket) DropVictim(victim);
}

ConnectionIndex Processor::MakeConnection(Bucket& bucket,
                                          const Packet& packet) {
  const ConnectionIndex index = connection_cache_.Allocate();
  if (index == kNoConnection) return index;
  Connection& connection = shared_.connections[index];
  connection.key = packet.key;
  connection.hash = packet.hash;
  connection.first_seen_ns = now_ns_;
  connection.last_seen_ns = now_ns_;
  connection.deadline = now_tick_ + idle_ticks_;
  bucket.table->Insert(index);
  ++connections_;
  bucket.wheel.Schedule(index, connection.deadline);
  if (due_.Lower(bucket.id, connection.deadline)) {
    timer_waiter_.Notify();
  }
  ++counters_.connections_made;
  return index;
}

void Processor::Hold(Slot& slot, PacketIndex packet) {
  // A source that can wait is bounded by its buffers alone: were we to stop
  // taking its packets in, the dispatcher might never get to pass the version
  // that the old owner waits for.
  if (held_packets_ >= options_.hold_packets &&
      shared_.dispatchers[packets_[packet].dispatcher]->live()) {
    // The bucket is not ours yet: its old owner may be counting in it.
    ++slot.hold_drops;
    ++counters_.dropped[static_cast<std::size_t>(DropReason::kHoldFull)];
    shared_.packets.Return(index_, packet);
    return;
  }
  slot.held.Push(packets_, packet);
  ++held_packets_;
}

// The queue was full, and another connection than the packet's is the longest:
// it paid with its oldest packet.
void Processor::DropVictim(PacketIndex packet) {
  const Packet& victim = packets_[packet];
  Bucket& bucket = *slots_[victim.hash & bucket_mask_].bucket;
  const ConnectionIndex index = bucket.table->Find(victim.hash, victim.key);
  Drop(packet, DropReason::kQueueFull, bucket,
       shared_.connections[index].mean_service_ns);
}

// While the queue is full, and until it is an eighth less, dispatchers drop
// what comes of the longest. Nobody stays named while we sleep: see HasWork()
// and Idle().
void Processor::NameHeavy() {
  const std::uint32_t limit = queue_.limit();
  overfull_ = queue_.packets() >= (overfull_ ? limit - limit / 8 : limit);
  if (!overfull_ && named_ == 0) return;
  std::array<ConnectionIndex, HeavyList::kMost> longest;
  std::array<HeavyList::Entry, HeavyList::kMost> entries;
  const std::size_t n = overfull_ ? queue_.Longest(longest) : 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Connection& connection = shared_.connections[longest[i]];
    entries[i] = {connection.hash, connection.key, connection.mean_service_ns};
  }
  if (heavy_.Write(std::span(entries).first(n))) named_ = n;
}

// Counts the packet's service time, had it been served, to the bucket's load.
void Processor::Drop(PacketIndex packet, DropReason reason, Bucket& bucket,
                     std::uint64_t service_ns) {
  ++bucket.interval.dropped;
  bucket.interval.dropped_ns += service_ns;
  ++counters_.dropped[static_cast<std::size_t>(reason)];
  shared_.packets.Return(index_, packet);
}

}  // namespace lb::dataplane
