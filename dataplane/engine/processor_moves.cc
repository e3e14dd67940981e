// Mail, fences and the hand-over of buckets. See "Moving a bucket from A to B"
// in the design: here A releases and B expects and adopts.
#include <algorithm>
#include <utility>

#include "common/int128.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/processor.h"

namespace lb::dataplane {

bool Processor::HandleMail() {
  if (!mailbox_.any()) return false;
  for (const Mail& mail : mailbox_.TakeAll()) {
    std::visit([this](const auto& letter) { Handle(letter); }, mail);
  }
  return true;
}

void Processor::Handle(const ExpectBuckets& mail) {
  for (const Move& move : mail.batch->moves()) {
    if (move.to == options_.id) slots_[move.bucket.index()].incoming = true;
  }
  mail.batch->Expected();
}

void Processor::Handle(const ReleaseBuckets& mail) {
  release_ = Release{mail.batch, mail.version,
                     std::vector<std::optional<std::uint64_t>>(rings_.size())};
}

// One fence per ring serves all moves of a plan: where the ring's tail stood
// once its dispatcher had passed the new version. Behind it nothing comes for
// a bucket that leaves. True if the buckets have left.
bool Processor::ReleaseBehindFences() {
  if (!release_.has_value()) return false;
  bool behind_all = true;
  for (std::size_t d = 0; d < rings_.size(); ++d) {
    std::optional<std::uint64_t>& fence = release_->fences[d];
    if (!fence.has_value() && shared_.table.HasPassed(d, release_->version)) {
      fence = rings_[d]->tail();
    }
    if (!fence.has_value() || rings_[d]->head() < *fence) behind_all = false;
  }
  if (!behind_all) return false;

  const std::shared_ptr<MoveBatch> batch = std::move(release_->batch);
  release_.reset();
  std::vector<AdoptBucket> leaving;
  for (std::size_t i = 0; i < batch->moves().size(); ++i) {
    const Move& move = batch->moves()[i];
    // Taken over: its receiver hangs, and we keep the bucket.
    if (move.from != options_.id || batch->taken_over(i)) continue;
    Bucket* const bucket = slots_[move.bucket.index()].bucket;
    leaving.push_back({batch, i, bucket, Detach(move.bucket)});
  }
  // Accounted for as handed over first, or fenced off with them in our hands.
  const bool committed = Commit();
  for (AdoptBucket& mail : leaving) {
    const Move& move = batch->moves()[mail.move];
    if (committed) {
      shared_.processors[move.to.index()]->Post(std::move(mail));
    } else {
      slots_[move.bucket.index()].bucket = mail.bucket;
      connections_ += mail.bucket->table->size(move.bucket);
    }
  }
  return true;
}

// Takes the bucket out of everything of ours. Returns the packets that wait in
// its queues.
std::uint64_t Processor::Detach(BucketId id) {
  std::uint64_t packets = 0;
  const Bucket& bucket = *slots_[id.index()].bucket;
  bucket.table->ForEach(id, [&](ConnectionIndex index) {
    packets += shared_.connections[index].queue.size();
    queue_.Detach(index);
  });
  connections_ -= bucket.table->size(id);
  due_.Remove(id);
  slots_[id.index()].bucket = nullptr;
  counters_.handed_over += packets;
  return packets;
}

void Processor::Handle(const AdoptBucket& mail) {
  counters_.adopted += mail.packets;
  connections_ += mail.bucket->table->size(mail.bucket->id);
  if (!mail.batch->Claim(mail.move)) {
    Discard(*mail.bucket);
    return;
  }
  Adopt(*mail.bucket);
  mail.batch->Adopted(mail.move, CycleClock::Get().NowNs());
}

void Processor::Handle(const OwnBuckets& mail) {
  for (const BucketId id : mail.buckets) {
    if (slots_[id.index()].bucket != nullptr) continue;
    Adopt(shared_.buckets.TakeFresh(id, now_tick_));
  }
}

void Processor::Adopt(Bucket& bucket) {
  const BucketId id = bucket.id;
  Slot& slot = slots_[id.index()];
  slot.bucket = &bucket;
  slot.incoming = false;
  output_.Adopted(shared_.outputs);
  bucket.table->ForEach(id,
                        [&](ConnectionIndex index) { queue_.Attach(index); });
  due_.Set(id, bucket.wheel.NextDue());
  timer_waiter_.Notify();
  const std::uint64_t drops = std::exchange(slot.hold_drops, 0);
  bucket.interval.arrived += drops;
  bucket.interval.dropped += drops;
  bucket.interval.dropped_ns += drops * bucket.mean_service_ns;
  // What was held is younger than everything that came with the bucket.
  while (!slot.held.empty()) {
    --held_packets_;
    ++bucket.interval.arrived;
    Enqueue(bucket, slot.held.Pop(packets_));
  }
}

void Processor::Handle(const TakeSample& mail) {
  ProcessorSample& sample = mail.reply->sample;
  const std::int64_t cpu_ns = CpuNs();
  sampler_.AdvanceTo(now_ns_);
  sample.counters = counters_;
  sample.waiting = queue_.packets() + held_packets_;
  sample.packets =
      counters_.served - std::exchange(interval_served_, counters_.served);
  sample.statistics = sampler_.Statistics();
  sample.busy_ns = sampler_.busy_ns();
  sample.sleep_ns = std::exchange(sleep_ns_, 0);
  sample.wall_ns = now_ns_ - std::exchange(interval_start_ns_, now_ns_);
  sample.cpu_ns = cpu_ns - std::exchange(interval_cpu_ns_, cpu_ns);
  sample.saturated = sample.sleep_ns == 0;
  sampler_.Restart(now_ns_);
  for (Slot& slot : slots_) {
    if (slot.bucket == nullptr) continue;
    const BucketInterval& interval = slot.bucket->interval;
    if (interval.arrived > 0 || interval.served > 0) {
      sample.buckets.push_back(CloseInterval(*slot.bucket, sample.wall_ns));
    }
  }
  mail.reply->filled.store(true, std::memory_order_seq_cst);
  mail.reply->control.Notify();
}

// More than the buffers allow is not ours to give.
void Processor::Handle(const LimitQueue& mail) {
  const auto [quantum, packets] = mail.limits;
  FairQueueOptions next{options_.quantum, options_.queue_limit};
  if (quantum.count() > 0) next.quantum = quantum;
  if (packets > 0) next.limit = std::min(packets, options_.queue_limit);
  queue_.Configure(next);
}

void Processor::Handle(const VisitBucket& mail) {
  BucketVisit& visit = *mail.visit;
  const Bucket* const bucket = slots_[visit.bucket.index()].bucket;
  if (bucket != nullptr) visit.look(*bucket, now_ns_);
  visit.answer.store(
      bucket != nullptr ? VisitAnswer::kLooked : VisitAnswer::kNotHere,
      std::memory_order_seq_cst);
  visit.asker.Notify();
}

// Offered load: what arrived and was not dropped, at this interval's mean
// service time, plus what the dropped packets would have taken.
BucketLoad Processor::CloseInterval(Bucket& bucket, std::int64_t wall_ns) {
  const std::uint64_t known_mean_ns = bucket.mean_service_ns;
  const BucketInterval closed = bucket.CloseInterval();
  const std::uint64_t mean_ns =
      closed.served > 0 ? closed.service_ns / closed.served : known_mean_ns;
  const std::uint64_t kept =
      closed.arrived - std::min(closed.arrived, closed.dropped);
  const Uint128 offered_ns =
      static_cast<Uint128>(kept) * mean_ns + closed.dropped_ns;
  BucketLoad load;
  load.bucket = bucket.id;
  load.packets = closed.arrived;
  load.connections = bucket.table->size(bucket.id);
  load.load_ns_per_s = static_cast<std::uint64_t>(
      offered_ns * 1'000'000'000 /
      static_cast<std::uint64_t>(std::max<std::int64_t>(wall_ns, 1)));
  return load;
}

}  // namespace lb::dataplane
