#include "dataplane/engine/processor.h"

#include <algorithm>
#include <string>

#include "common/thread_name.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/store_load_fence.h"
#include "dataplane/engine/thread_cpu.h"

namespace lb::dataplane {
namespace {

// While we wait for dispatchers to pass a version, they wake us when they have;
// this bound only covers what nobody would announce.
constexpr std::chrono::milliseconds kVersionSleep{1};
constexpr std::chrono::microseconds kSpin{20};

}  // namespace

Processor::Processor(const ProcessorOptions& options, ProcessorShared& shared,
                     std::unique_ptr<PacketHandler> handler,
                     std::span<const BucketId> owned)
    : options_(options),
      shared_(shared),
      index_(options.id.index()),
      bucket_mask_(static_cast<std::uint32_t>(shared.buckets.buckets()) - 1),
      packets_(shared.packets.packets().data()),
      handler_(std::move(handler)),
      idle_ticks_(static_cast<TimerTick>(options.idle_timeout.count()) + 2),
      output_(*shared.outputs[index_]),
      slots_(shared.buckets.buckets()),
      queue_(shared.connections.base(), packets_,
             {.quantum = options.quantum, .limit = options.queue_limit}),
      connection_cache_(shared.connections),
      due_(static_cast<std::uint32_t>(shared.buckets.buckets())),
      sampler_(shared.start_ns),
      interval_start_ns_(shared.start_ns) {
  for (std::size_t d = 0; d < shared.dispatcher_count; ++d) {
    rings_.push_back(std::make_unique<DescriptorRing>(options.ring_packets));
  }
  for (BucketId bucket : owned) {
    slots_[bucket.index()].bucket = &shared.buckets.First(bucket);
  }
}

void Processor::Start() {
  worker_ = std::thread([this] { RunWorker(); });
  timers_ = std::thread([this] { RunTimers(); });
}

void Processor::RequestStop() {
  stop_.store(true, std::memory_order_seq_cst);
  waiter_.Notify();
  timer_waiter_.Notify();
}

void Processor::Join() {
  if (worker_.joinable()) worker_.join();
  if (timers_.joinable()) timers_.join();
}

std::uint64_t Processor::in_rings() const {
  std::uint64_t packets = 0;
  for (const auto& ring : rings_) {
    const std::uint64_t head = ring->head();  // first: it must not overtake
    packets += ring->tail() - head;
  }
  return packets;
}

std::uint64_t Processor::sent() const {
  std::uint64_t packets = 0;
  for (const auto& ring : rings_) packets += ring->tail();
  return packets;
}

ProcessorLedger::Entry Processor::Fence() {
  const ProcessorLedger::Entry last = ledger_.Fence();
  out_.store(true, std::memory_order_seq_cst);
  return last;
}

std::uint64_t Processor::in_mail() const {
  std::uint64_t packets = 0;
  mailbox_.ForEach([&](const Mail& mail) {
    const auto* adopt = std::get_if<AdoptBucket>(&mail);
    if (adopt != nullptr) packets += adopt->packets;
  });
  return packets;
}

bool Processor::Drained() const {
  return in_rings() == 0 && drained_.load(std::memory_order_seq_cst);
}

void Processor::RunWorker() {
  NameThread("worker " + std::to_string(index_));
  PinThisThread(options_.cpu);
  while (!stop_.load(std::memory_order_relaxed)) {
    bool worked = false;
    {
      const std::lock_guard lock(monitor_);
      worked = ledger_.fenced() ? ThrowAway() : RunBatch();
    }
    if (worked) {
      shared_.packets.Flush(index_);
      StoreLoadFence();
      for (const auto& dispatcher : shared_.dispatchers) {
        dispatcher->room().Notify();
      }
    }
    LetTimersIn();
    if (output_blocked_) {
      WaitForOutput();
    } else if (!worked) {
      Idle();
    }
  }
  const std::lock_guard lock(monitor_);
  if (ledger_.fenced()) ThrowAway();
  shared_.packets.Flush(index_);
}

// One hold of the lock. False if there was nothing to do.
bool Processor::RunBatch() {
  if (!HasWork()) return false;
  const std::int64_t start_ns = CycleClock::Get().NowNs();
  const std::int64_t cpu_start_ns = ThreadCpuNs();
  now_ns_ = start_ns;
  now_tick_ = TickOf(start_ns);
  working_.store(true, std::memory_order_relaxed);
  bool worked = HandleMail();
  if (!unexpected_.empty()) LoseUnexpected();
  // What came with a bucket is accounted for before a handler can hang on it.
  if (worked) Commit();
  worked |= ReleaseBehindFences();
  worked |= TakeIn(start_ns) > 0;
  NameHeavy();
  worked |= Serve(start_ns, cpu_start_ns) > 0;
  if (worked) AccountBatch(start_ns, cpu_start_ns);
  Commit();
  working_.store(false, std::memory_order_relaxed);
  return worked;
}

// Writes down what is accounted for so far; false if we are fenced off.
bool Processor::Commit() {
  waiting_.store(queue_.packets(), std::memory_order_relaxed);
  return ledger_.Commit(
      {counters_, queue_.packets() + held_packets_, connections_});
}

bool Processor::HasWork() const {
  if (queue_.packets() > 0 || mailbox_.any() || release_.has_value() ||
      !unexpected_.empty() || named_ > 0) {
    return true;
  }
  return std::any_of(rings_.begin(), rings_.end(), [](const auto& ring) {
    return ring->tail() != ring->head();
  });
}

// The same question without the lock, when the queue is known to be empty, and
// asked so that whoever brings work after the answer "no" sees that we are
// about to sleep.
bool Processor::HasWorkBeforeSleep() const {
  if (!mailbox_.EmptyForSleep() || stop_.load(std::memory_order_seq_cst)) {
    return true;
  }
  return std::any_of(rings_.begin(), rings_.end(),
                     [](const auto& ring) { return !ring->EmptyForSleep(); });
}

void Processor::Idle() {
  const std::int64_t start_ns = CycleClock::Get().NowNs();
  if (shared_.spin) {
    const std::int64_t spin_ns = std::chrono::nanoseconds(kSpin).count();
    while (CycleClock::Get().NowNs() - start_ns < spin_ns) {
      if (HasWorkBeforeSleep()) return;
    }
  }
  waiter_.Prepare();
  if (HasWorkBeforeSleep()) {
    waiter_.Cancel();
    return;
  }
  drained_.store(held_packets_ == 0, std::memory_order_seq_cst);
  shared_.idle.Notify();
  const std::int64_t sleep_start_ns = CycleClock::Get().NowNs();
  // Named with nothing to do: a dispatcher had hold of the list just now.
  if (release_.has_value() || emptied_ || named_ > 0) {
    waiter_.Sleep(kVersionSleep);
  } else {
    waiter_.Sleep(std::nullopt);
  }
  sleep_ns_ += CycleClock::Get().NowNs() - sleep_start_ns;
  drained_.store(false, std::memory_order_seq_cst);
}

// A mutex is not fair: without this a busy worker would take the lock again
// before the timer thread has even woken up.
void Processor::LetTimersIn() {
  if (timers_want_in_.load(std::memory_order_acquire)) {
    timers_want_in_.wait(true, std::memory_order_acquire);
  }
}

void Processor::AccountBatch(std::int64_t start_ns, std::int64_t cpu_start_ns) {
  const std::int64_t end_ns = CycleClock::Get().NowNs();
  const std::int64_t busy_ns =
      std::min(end_ns - start_ns, ThreadCpuNs() - cpu_start_ns);
  sampler_.AddBusy(start_ns, end_ns, busy_ns);
  busy_total_ns_ += busy_ns;
}

std::int64_t Processor::CpuNs() { return CpuNsOf(worker_) + CpuNsOf(timers_); }

}  // namespace lb::dataplane
