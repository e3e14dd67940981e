// Closing an interval: every processor answers at a batch's boundary, and the
// answers become one sample.
#include <algorithm>
#include <utility>

#include "common/int128.h"
#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {

std::vector<std::shared_ptr<SampleReply>> UserSpaceEngine::CollectSamples() {
  std::vector<std::shared_ptr<SampleReply>> replies(outages_.size());
  for (std::size_t p = 0; p < replies.size(); ++p) {
    if (outages_[p].has_value()) continue;
    replies[p] = std::make_shared<SampleReply>(control_);
    shared_.processors[p]->Post(TakeSample{replies[p]});
  }
  const auto answered_or_stalled = [&] {
    for (std::size_t p = 0; p < replies.size(); ++p) {
      if (replies[p] == nullptr || replies[p]->filled.load()) continue;
      if (!watches_[p].stalled()) return false;
    }
    return true;
  };
  const MonotonicTime deadline =
      SystemClock().Monotonic() + stall_limit_ + kSampleGrace;
  FindStalled(/*moving=*/false);
  while (!WaitFor(control_, kLookInterval, answered_or_stalled) &&
         SystemClock().Monotonic() < deadline) {
    FindStalled(/*moving=*/false);
  }
  for (std::size_t p = 0; p < replies.size(); ++p) {
    if (replies[p] != nullptr && replies[p]->filled.load()) {
      last_samples_[p] = replies[p];
    }
  }
  return replies;
}

LoadSample UserSpaceEngine::Sample() {
  LoadSample sample;
  TakeOverStalled();
  const auto replies = CollectSamples();
  TakeOverStalled();
  const MonotonicTime now = SystemClock().Monotonic();
  sample.start = std::exchange(interval_start_, now).time_since_epoch();
  sample.end = now.time_since_epoch();
  sample.table_end = ComputeDigest(table());
  sample.table_start = std::exchange(interval_table_, sample.table_end);
  for (std::size_t p = 0; p < replies.size(); ++p) {
    sample.processors.push_back(LoadOf(p, replies[p].get()));
    if (replies[p] == nullptr || !replies[p]->filled.load()) continue;
    const auto& buckets = replies[p]->sample.buckets;
    sample.buckets.insert(sample.buckets.end(), buckets.begin(), buckets.end());
  }
  AddDispatcherDrops(sample);
  for (std::size_t d = 0; d < shared_.dispatchers.size(); ++d) {
    const DispatcherLoad total = shared_.dispatchers[d]->load();
    const DispatcherLoad mark = std::exchange(dispatcher_marks_[d], total);
    sample.dispatchers.push_back(
        {total.busy - mark.busy, total.packets - mark.packets});
  }
  sample.counters = SumCounters();
  sample.takeovers = std::exchange(takeovers_, {});
  return sample;
}

ProcessorLoad UserSpaceEngine::LoadOf(std::size_t processor,
                                      const SampleReply* reply) {
  ProcessorLoad load;
  load.capacity_permille = capacities_[processor].permille();
  if (outages_[processor].has_value() || watches_[processor].stalled()) {
    load.stalled = true;
    load.in_service = false;
    load.backlog_packets = shared_.processors[processor]->backlog();
  }
  if (reply == nullptr || !reply->filled.load()) return load;
  const ProcessorSample& sample = reply->sample;
  load.busy = std::chrono::nanoseconds(sample.busy_ns);
  load.capacity_permille = capacities_[processor].Update(
      {sample.wall_ns, sample.sleep_ns, sample.cpu_ns, sample.saturated});
  load.samples = sample.statistics;
  load.packets = sample.packets;
  load.backlog_packets = sample.waiting;
  return load;
}

// What dispatchers dropped belongs to the load of the bucket it was meant for:
// at its connection's mean service time where that is known, else at that of
// the bucket's packets.
void UserSpaceEngine::AddDispatcherDrops(LoadSample& sample) {
  std::sort(sample.buckets.begin(), sample.buckets.end(),
            [](const BucketLoad& a, const BucketLoad& b) {
              return a.bucket < b.bucket;
            });
  const std::uint64_t wall_ns = static_cast<std::uint64_t>(
      std::max<std::int64_t>((sample.end - sample.start).count(), 1));
  std::vector<BucketLoad> unserved;
  auto next = sample.buckets.begin();
  for (std::uint32_t b = 0; b < layout_.buckets; ++b) {
    const Dispatcher::BucketDrops drops = NewDrops(b);
    while (next != sample.buckets.end() && next->bucket.value() < b) ++next;
    if (drops.ring_full + drops.queue_full == 0) continue;
    const bool sampled =
        next != sample.buckets.end() && next->bucket.value() == b;
    BucketLoad& load = sampled ? *next : unserved.emplace_back();
    load.bucket = BucketId(b);
    if (load.packets > 0) {
      load.load_ns_per_s += load.load_ns_per_s / load.packets * drops.ring_full;
    } else if (drops.ring_full > 0) {
      load.lower_bound = true;
    }
    load.load_ns_per_s += static_cast<std::uint64_t>(Uint128{drops.service_ns} *
                                                     1'000'000'000 / wall_ns);
    load.packets += drops.ring_full + drops.queue_full;
  }
  sample.buckets.insert(sample.buckets.end(), unserved.begin(), unserved.end());
}

Dispatcher::BucketDrops UserSpaceEngine::NewDrops(std::uint32_t bucket) {
  Dispatcher::BucketDrops total;
  for (const auto& dispatcher : shared_.dispatchers) {
    const Dispatcher::BucketDrops part = dispatcher->drops(bucket);
    total.ring_full += part.ring_full;
    total.queue_full += part.queue_full;
    total.service_ns += part.service_ns;
  }
  const Dispatcher::BucketDrops mark =
      std::exchange(drop_marks_[bucket], total);
  return {total.ring_full - mark.ring_full, total.queue_full - mark.queue_full,
          total.service_ns - mark.service_ns};
}

// Sums since the start, as of each processor's last answer. What a processor
// took in and can account for neither as served, dropped, handed over nor
// waiting is lost. What one out of service holds counts as taken over.
Counters UserSpaceEngine::SumCounters() {
  Counters sum;
  for (const auto& dispatcher : shared_.dispatchers) {
    sum += dispatcher->counters();
  }
  for (std::size_t p = 0; p < last_samples_.size(); ++p) {
    ProcessorCounters own;
    std::uint64_t waiting = 0;
    Counters part;
    if (outages_[p].has_value()) {
      own = outages_[p]->account.counters;
      waiting = outages_[p]->account.waiting;
    } else if (last_samples_[p] != nullptr) {
      own = last_samples_[p]->sample.counters;
      waiting = last_samples_[p]->sample.waiting;
      part.queued = waiting + shared_.processors[p]->in_rings();
    }
    part.served = own.served;
    part.bytes = own.bytes;
    part.dropped = own.dropped;
    part.reordered = own.reordered;
    part.duplicated = own.duplicated;
    part.unsent = own.unsent;
    part.lost = own.taken_in + own.adopted - own.served - part.dropped_total() -
                own.handed_over - waiting;
    if (outages_[p].has_value()) {
      part.drop(DropReason::kTakeover) += PacketsHeldBy(p);
    }
    sum += part;
  }
  if (shared_.output != nullptr) sum += shared_.output->counters();
  return sum;
}

}  // namespace lb::dataplane
