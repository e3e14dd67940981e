// Closing an interval: every processor answers at a batch's boundary, and the
// answers become one sample.
#include <algorithm>
#include <utility>

#include "dataplane/engine/user_space_engine.h"

namespace lb::dataplane {

std::vector<std::shared_ptr<SampleReply>> UserSpaceEngine::CollectSamples() {
  std::vector<std::shared_ptr<SampleReply>> replies;
  for (const auto& processor : shared_.processors) {
    replies.push_back(std::make_shared<SampleReply>(control_));
    processor->Post(TakeSample{replies.back()});
  }
  WaitFor(kSampleLimit, [&replies] {
    return std::all_of(replies.begin(), replies.end(),
                       [](const auto& reply) { return reply->filled.load(); });
  });
  for (std::size_t p = 0; p < replies.size(); ++p) {
    if (replies[p]->filled.load()) last_samples_[p] = replies[p];
  }
  return replies;
}

LoadSample UserSpaceEngine::Sample() {
  LoadSample sample;
  const auto replies = CollectSamples();
  const MonotonicTime now = SystemClock().Monotonic();
  sample.start = std::exchange(interval_start_, now).time_since_epoch();
  sample.end = now.time_since_epoch();
  sample.table_end = ComputeDigest(table());
  sample.table_start = std::exchange(interval_table_, sample.table_end);
  for (std::size_t p = 0; p < replies.size(); ++p) {
    sample.processors.push_back(LoadOf(p, *replies[p]));
    if (!replies[p]->filled.load()) continue;
    const auto& buckets = replies[p]->sample.buckets;
    sample.buckets.insert(sample.buckets.end(), buckets.begin(), buckets.end());
  }
  AddRingDrops(sample);
  for (std::size_t d = 0; d < shared_.dispatchers.size(); ++d) {
    const DispatcherLoad total = shared_.dispatchers[d]->load();
    const DispatcherLoad mark = std::exchange(dispatcher_marks_[d], total);
    sample.dispatchers.push_back(
        {total.busy - mark.busy, total.packets - mark.packets});
  }
  sample.counters = SumCounters();
  return sample;
}

ProcessorLoad UserSpaceEngine::LoadOf(std::size_t processor,
                                      const SampleReply& reply) {
  ProcessorLoad load;
  load.capacity_permille = capacities_[processor].permille();
  if (!reply.filled.load()) {
    load.stalled = true;
    return load;
  }
  const ProcessorSample& sample = reply.sample;
  load.busy = std::chrono::nanoseconds(sample.busy_ns);
  load.capacity_permille = capacities_[processor].Update(
      {sample.wall_ns, sample.sleep_ns, sample.cpu_ns, sample.saturated});
  load.samples = sample.statistics;
  load.packets = sample.packets;
  load.backlog_packets = sample.waiting;
  return load;
}

// The ring's drops belong to the load of the bucket they were meant for, at
// the mean service time of its packets.
void UserSpaceEngine::AddRingDrops(LoadSample& sample) {
  std::sort(sample.buckets.begin(), sample.buckets.end(),
            [](const BucketLoad& a, const BucketLoad& b) {
              return a.bucket < b.bucket;
            });
  std::vector<BucketLoad> unserved;
  auto load = sample.buckets.begin();
  for (std::uint32_t b = 0; b < layout_.buckets; ++b) {
    std::uint64_t total = 0;
    for (const auto& dispatcher : shared_.dispatchers) {
      total += dispatcher->ring_drops(b);
    }
    const std::uint64_t drops =
        total - std::exchange(ring_drop_marks_[b], total);
    while (load != sample.buckets.end() && load->bucket.value() < b) ++load;
    if (drops == 0) continue;
    if (load == sample.buckets.end() || load->bucket.value() != b) {
      BucketLoad only_drops;
      only_drops.bucket = BucketId(b);
      only_drops.packets = drops;
      only_drops.lower_bound = true;
      unserved.push_back(only_drops);
      continue;
    }
    if (load->packets > 0) {
      load->load_ns_per_s += load->load_ns_per_s / load->packets * drops;
    } else {
      load->lower_bound = true;
    }
    load->packets += drops;
  }
  sample.buckets.insert(sample.buckets.end(), unserved.begin(), unserved.end());
}

// Sums since the start, as of each processor's last answer. What a processor
// took in and can account for neither as served, dropped, handed over nor
// waiting is lost.
Counters UserSpaceEngine::SumCounters() {
  Counters sum;
  for (const auto& dispatcher : shared_.dispatchers) {
    sum += dispatcher->counters();
  }
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (std::size_t p = 0; p < last_samples_.size(); ++p) {
    if (last_samples_[p] == nullptr) continue;
    const ProcessorSample& sample = last_samples_[p]->sample;
    const ProcessorCounters& own = sample.counters;
    Counters part;
    part.served = own.served;
    part.bytes = own.bytes;
    part.dropped = own.dropped;
    part.reordered = own.reordered;
    part.duplicated = own.duplicated;
    part.unsent = own.unsent;
    in += own.taken_in + own.adopted;
    out += own.served + part.dropped_total() + own.handed_over + sample.waiting;
    part.queued = sample.waiting + shared_.processors[p]->in_rings();
    sum += part;
  }
  if (shared_.output != nullptr) sum += shared_.output->counters();
  // While buckets are under way, answers given before and after disagree.
  if (moves_ == nullptr) lost_ = in - out;
  sum.lost = lost_;
  return sum;
}

}  // namespace lb::dataplane
