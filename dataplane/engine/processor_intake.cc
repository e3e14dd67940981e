// From the rings into the queues of the connections.
#include <array>

#include "dataplane/core/flow_hash.h"
#include "dataplane/engine/processor.h"

namespace lb::dataplane {

std::size_t Processor::TakeIn() {
  std::array<Descriptor, kIntake> taken;
  std::size_t total = 0;
  for (std::size_t d = 0; d < rings_.size(); ++d) {
    if (!MayTakeFrom(d)) continue;
    const std::size_t n = rings_[d]->Pop(taken);
    // Two rounds of hints, so that the memory for all packets of the batch is
    // under way before the first one is looked at.
    for (std::size_t i = 0; i < n; ++i) {
      __builtin_prefetch(&packets_[taken[i].packet], /*rw=*/1);
      const Bucket* bucket = slots_[taken[i].hash & bucket_mask_].bucket;
      if (bucket != nullptr) bucket->table->PrefetchHead(taken[i].hash);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Bucket* bucket = slots_[taken[i].hash & bucket_mask_].bucket;
      if (bucket != nullptr) bucket->table->PrefetchConnection(taken[i].hash);
    }
    for (std::size_t i = 0; i < n; ++i) Accept(taken[i]);
    total += n;
  }
  return total;
}

// Packets of a source that can wait are left in the ring while the queue is
// full; they are never dropped for want of room.
bool Processor::MayTakeFrom(std::size_t d) const {
  return shared_.dispatchers[d]->live() ||
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
  const ConnectionIndex connection = FindOrMake(bucket, packets_[packet]);
  if (connection == kNoConnection) {
    Drop(packet, DropReason::kConnectionLimit, bucket, bucket.mean_service_ns);
    return;
  }
  const PacketIndex victim = queue_.Enqueue(connection, packet);
  if (victim != kNoPacket) DropVictim(victim);
}

ConnectionIndex Processor::FindOrMake(Bucket& bucket, const Packet& packet) {
  ConnectionIndex index = bucket.table->Find(packet.hash, packet.key);
  if (index != kNoConnection) return index;
  index = connection_cache_.Allocate();
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
  if (due_.Lower(bucket.id, bucket.wheel.NextDue())) timer_waiter_.Notify();
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

// The queue was full and its longest connection paid with its oldest packet.
void Processor::DropVictim(PacketIndex packet) {
  const Packet& victim = packets_[packet];
  Bucket& bucket = *slots_[victim.hash & bucket_mask_].bucket;
  const ConnectionIndex index = bucket.table->Find(victim.hash, victim.key);
  Drop(packet, DropReason::kQueueFull, bucket,
       shared_.connections[index].mean_service_ns);
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
