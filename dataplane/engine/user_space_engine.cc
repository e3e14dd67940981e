#include "dataplane/engine/user_space_engine.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "dataplane/engine/cycle_clock.h"

namespace lb::dataplane {

UserSpaceEngine::UserSpaceEngine(EngineOptions options, Layout layout,
                                 const Table& table, const FlowHash& hash,
                                 std::unique_ptr<ConnectionPool> connections)
    : layout_(std::move(layout)),
      hash_(hash),
      table_(table),
      packets_(options.sources.size(), options.processors.size() + 1,
               options.pool_packets),
      connections_(std::move(connections)),
      buckets_(*connections_, options.buckets),
      published_(options.sources.size(), table.owner),
      shared_{.packets = packets_,
              .table = published_,
              .connections = *connections_,
              .buckets = buckets_,
              .idle = idle_,
              .dispatcher_count = options.sources.size(),
              .start_ns = CycleClock::Get().NowNs(),
              .spin = options.spin},
      stall_limit_(options.stall_limit),
      watches_(options.processors.size(), StallWatch(stall_limit_)),
      outages_(options.processors.size()),
      drained_(options.processors.size()),
      last_samples_(options.processors.size()),
      dispatcher_marks_(options.sources.size()),
      drop_marks_(options.buckets),
      interval_start_(SystemClock().Monotonic()),
      interval_table_(ComputeDigest(table)) {
  MakeProcessors(options, table);
  MakeDispatchers(options, hash);
  MakeOutput(std::move(options.sinks));
}

UserSpaceEngine::~UserSpaceEngine() { Stop(); }

// Half of the buffers are for the rings, a quarter for what is queued, an
// eighth each for what is held and what is to be sent.
void UserSpaceEngine::MakeProcessors(const EngineOptions& options,
                                     const Table& table) {
  const auto count = static_cast<std::uint32_t>(options.processors.size());
  const auto buffers = static_cast<std::uint32_t>(packets_.packets().size());
  const std::uint32_t part = std::max(buffers / 4 / count, 1U);
  const bool live = options.sources.front()->live();
  shared_.outputs =
      MakeOutputRings(count, std::bit_floor(std::max(part / 2, 1U)));
  for (std::uint32_t p = 0; p < count; ++p) {
    std::vector<BucketId> owned;
    for (std::uint32_t b = 0; b < options.buckets; ++b) {
      if (table.owner[b].index() == p) owned.emplace_back(b);
    }
    ProcessorOptions own;
    own.id = ProcessorId(static_cast<std::uint16_t>(p));
    if (options.pin) own.cpu = options.processors[p].cpu;
    own.ring_packets = options.ring_packets;
    own.queue_packets = part;
    own.queue_limit = live ? part : buffers;
    own.hold_packets = std::max(part / 2, 1U);
    own.quantum = options.quantum;
    own.idle_timeout = options.idle_timeout;
    own.wait_for_output = !live && !options.sinks.empty();
    shared_.processors.push_back(std::make_unique<Processor>(
        own, shared_, options.handler(own.id), owned));
    capacities_.emplace_back(options.processors[p].capacity_permille);
  }
}

void UserSpaceEngine::MakeDispatchers(EngineOptions& options,
                                      const FlowHash& hash) {
  for (std::size_t d = 0; d < options.sources.size(); ++d) {
    std::vector<Dispatcher::Outlet> outlets;
    for (const auto& processor : shared_.processors) {
      outlets.push_back({&processor->ring(d), &processor->waiter(),
                         &processor->heavy(), &processor->out_of_service()});
    }
    shared_.dispatchers.push_back(std::make_unique<Dispatcher>(
        d, std::move(options.sources[d]), hash, layout_.buckets, packets_,
        published_, std::move(outlets), idle_));
  }
}

void UserSpaceEngine::MakeOutput(
    std::vector<std::unique_ptr<PacketSink>> sinks) {
  if (sinks.empty()) return;
  OutputThread::Wiring wiring{
      .pool = packets_,
      .returner = shared_.processors.size(),
      .rings = shared_.outputs,
      .generation =
          [this](std::size_t p) { return shared_.processors[p]->generation(); },
      .on_returned =
          [this] {
            for (const auto& d : shared_.dispatchers) d->room().Notify();
          },
      .on_idle = idle_};
  shared_.output =
      std::make_unique<OutputThread>(std::move(wiring), std::move(sinks));
}

Table UserSpaceEngine::table() const {
  const std::lock_guard lock(table_mutex_);
  return table_;
}

void UserSpaceEngine::SetFairQueue(const FairQueueLimits& limits) {
  FairQueueLimits applied = limits;
  // What a source that can wait has sent must not be dropped for want of room.
  if (!shared_.dispatchers.front()->live()) applied.packets = 0;
  for (const auto& processor : shared_.processors) {
    processor->Post(LimitQueue{applied});
  }
}

void UserSpaceEngine::Start() {
  if (shared_.output != nullptr) shared_.output->Start();
  for (const auto& processor : shared_.processors) processor->Start();
  for (const auto& dispatcher : shared_.dispatchers) dispatcher->Start();
}

void UserSpaceEngine::Stop() {
  stop_.store(true, std::memory_order_seq_cst);
  idle_.Notify();
  queries_.Notify();
  for (const auto& dispatcher : shared_.dispatchers) dispatcher->RequestStop();
  for (const auto& dispatcher : shared_.dispatchers) dispatcher->Join();
  for (const auto& processor : shared_.processors) processor->RequestStop();
  for (const auto& processor : shared_.processors) processor->Join();
  if (shared_.output != nullptr) {
    shared_.output->RequestStop();
    shared_.output->Join();
  }
}

absl::Status UserSpaceEngine::WaitUntilDone() {
  const auto done = [this] {
    return std::all_of(shared_.dispatchers.begin(), shared_.dispatchers.end(),
                       [](const auto& d) { return d->done(); }) &&
           std::all_of(shared_.processors.begin(), shared_.processors.end(),
                       [](const auto& p) {
                         // What it holds is dropped, whenever it returns.
                         return p->out_of_service() || p->Drained();
                       }) &&
           // Last: the processors send nothing more.
           (shared_.output == nullptr || shared_.output->Drained());
  };
  bool all_done = false;
  while (!Stopped()) {
    idle_.Prepare();
    all_done = done();
    if (all_done || Stopped()) {
      idle_.Cancel();
      break;
    }
    idle_.Sleep(std::nullopt);
  }
  for (const auto& dispatcher : shared_.dispatchers) {
    if (!dispatcher->done()) continue;  // its thread still owns the source
    if (absl::Status status = dispatcher->status(); !status.ok()) return status;
  }
  // Otherwise the output thread is still using its sinks.
  if (all_done && shared_.output != nullptr) return shared_.output->status();
  return absl::OkStatus();
}

EngineSummary UserSpaceEngine::Summary() const {
  EngineSummary summary;
  Counters& sum = summary.counters;
  for (const auto& dispatcher : shared_.dispatchers) {
    sum += dispatcher->counters();
    for (std::size_t i = 0; i < kParseResults; ++i) {
      summary.parse[i] += dispatcher->parse()[i];
    }
  }
  std::uint64_t free_connections = connections_->free_connections();
  for (const auto& processor : shared_.processors) {
    const ProcessorCounters& own = processor->counters();
    sum.served += own.served;
    sum.bytes += own.bytes;
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      sum.dropped[i] += own.dropped[i];
    }
    for (std::size_t i = 0; i < kUnsentReasons; ++i) {
      sum.unsent[i] += own.unsent[i];
    }
    sum.reordered += own.reordered;
    sum.duplicated += own.duplicated;
    sum.queued +=
        processor->waiting() + processor->in_rings() + processor->in_mail();
    summary.connections += own.connections_made;
    summary.connections_taken_over += own.connections_taken_over;
    summary.timers_taken_over += own.timers_taken_over;
    free_connections += processor->free_connections();
    summary.processors.push_back(
        {own.served, std::chrono::nanoseconds(processor->busy_total_ns())});
  }
  if (shared_.output != nullptr) sum += shared_.output->counters();
  sum.lost = sum.arrived - sum.served - sum.dropped_total() - sum.queued;
  for (std::uint32_t b = 0; b < layout_.buckets; ++b) {
    summary.bucket_packets.push_back(buckets_.served(BucketId(b)));
  }
  summary.packets_leaked =
      packets_.size() - packets_.free_packets() - sum.queued;
  summary.connections_open = buckets_.connections();
  summary.connections_leaked = connections_->max_connections() -
                               free_connections - summary.connections_open;
  return summary;
}

}  // namespace lb::dataplane
