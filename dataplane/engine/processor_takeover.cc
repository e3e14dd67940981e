// Back from a handler that hung, or from a CPU that was not there: the buckets
// have begun afresh elsewhere, and all that is here still is thrown away. See
// "Takeover of a stalled processor" in the design; the control thread's side
// is user_space_takeover.cc.
#include <array>
#include <utility>

#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/processor.h"

namespace lb::dataplane {

// Instead of a batch, as long as a fence stands. True if there was anything to
// do.
bool Processor::ThrowAway() {
  now_ns_ = CycleClock::Get().NowNs();
  now_tick_ = TickOf(now_ns_);
  bool worked = !std::exchange(emptied_, true);
  if (worked) Empty();
  NameHeavy();
  worked |= DiscardMail();
  // Asked first: then the rings hold all there will be.
  const bool may_come_back = MayComeBack();
  worked |= DiscardRings() > 0;
  if (!may_come_back) return worked;
  ledger_.Rejoin();
  Commit();
  emptied_ = false;
  out_.store(false, std::memory_order_seq_cst);
  Handle(TakeSample{std::exchange(come_back_, std::nullopt)->reply});
  return true;
}

void Processor::Empty() {
  VoidSinceCommit();
  release_.reset();
  unexpected_.clear();
  for (Slot& slot : slots_) {
    if (slot.bucket != nullptr) {
      due_.Remove(slot.bucket->id);
      Discard(*slot.bucket);
    }
    while (!slot.held.empty()) {
      --held_packets_;
      DiscardPacket(slot.held.Pop(packets_));
    }
    slot = Slot{};
  }
}

// What happened after the last entry that counts was void already when it
// happened: its packets have been counted as taken over.
void Processor::VoidSinceCommit() {
  const ProcessorCounters& last = ledger_.last().counters;
  std::uint64_t voided = counters_.served - last.served;
  counters_.served = last.served;
  counters_.bytes = last.bytes;
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    voided += counters_.dropped[i] - last.dropped[i];
  }
  counters_.dropped = last.dropped;
  counters_.dropped[static_cast<std::size_t>(DropReason::kTakeover)] += voided;
  counters_.handed_over = last.handed_over;
}

// Frees the bucket's connections with their timers and packets, and gives its
// state back.
void Processor::Discard(Bucket& bucket) {
  const std::uint32_t connections = bucket.table->size(bucket.id);
  counters_.connections_taken_over += connections;
  counters_.timers_taken_over += bucket.wheel.size();
  connections_ -= connections;
  bucket.table->ForEach(bucket.id, [&](ConnectionIndex index) {
    queue_.Detach(index);
    PacketList& packets = shared_.connections[index].queue;
    while (!packets.empty()) DiscardPacket(packets.Pop(packets_));
    bucket.table->Erase(index);
    connection_cache_.Free(index);
  });
  shared_.buckets.PutBack(bucket);
}

void Processor::DiscardPacket(PacketIndex packet) {
  ++counters_.dropped[static_cast<std::size_t>(DropReason::kTakeover)];
  shared_.packets.Return(index_, packet);
}

bool Processor::DiscardMail() {
  const std::vector<Mail> mails = mailbox_.TakeAll();
  for (const Mail& mail : mails) {
    if (const auto* adopt = std::get_if<AdoptBucket>(&mail)) {
      counters_.adopted += adopt->packets;
      connections_ += adopt->bucket->table->size(adopt->bucket->id);
      Discard(*adopt->bucket);
    } else if (const auto* come_back = std::get_if<ComeBack>(&mail)) {
      Handle(*come_back);
    } else if (const auto* limit = std::get_if<LimitQueue>(&mail)) {
      Handle(*limit);  // holds when we are back
    } else if (const auto* visit = std::get_if<VisitBucket>(&mail)) {
      Handle(*visit);  // no bucket is ours
    }
    // Everything else asks for what a fenced processor has no part in.
  }
  return !mails.empty();
}

std::size_t Processor::DiscardRings() {
  std::array<Descriptor, kIntake> taken;
  std::size_t total = 0;
  for (const auto& ring : rings_) {
    while (const std::size_t n = ring->Pop(taken)) {
      counters_.taken_in += n;
      for (std::size_t i = 0; i < n; ++i) DiscardPacket(taken[i].packet);
      total += n;
    }
  }
  return total;
}

// No dispatcher sends anything more to us.
bool Processor::MayComeBack() const {
  if (!come_back_.has_value()) return false;
  for (std::size_t d = 0; d < rings_.size(); ++d) {
    if (!shared_.table.HasPassed(d, come_back_->version)) return false;
  }
  return true;
}

}  // namespace lb::dataplane
