// The timer thread: sleeps until the earliest bucket comes due; no tick when
// nothing is due.
#include <algorithm>
#include <string>

#include "common/thread_name.h"
#include "dataplane/engine/cycle_clock.h"
#include "dataplane/engine/processor.h"
#include "dataplane/engine/thread_cpu.h"

namespace lb::dataplane {
namespace {

constexpr std::int64_t kNsPerTick = 1'000'000;

}  // namespace

void Processor::RunTimers() {
  NameThread("timers " + std::to_string(index_));
  PinThisThread(options_.cpu);
  while (!stop_.load(std::memory_order_relaxed)) {
    timers_want_in_.store(true, std::memory_order_release);
    std::unique_lock lock(monitor_);
    timers_want_in_.store(false, std::memory_order_release);
    timers_want_in_.notify_one();

    const std::int64_t start_ns = CycleClock::Get().NowNs();
    const std::int64_t cpu_start_ns = ThreadCpuNs();
    now_ns_ = start_ns;
    now_tick_ = TickOf(start_ns);
    if (due_.Top().tick <= now_tick_ && !ledger_.fenced()) {
      working_.store(true, std::memory_order_relaxed);
      if (ExpireDue() > 0) AccountBatch(start_ns, cpu_start_ns);
      Commit();
      working_.store(false, std::memory_order_relaxed);
    }
    // Fenced: the worker throws all timers away.
    const TimerTick next = ledger_.fenced() ? kNever : due_.Top().tick;
    const bool more = next <= now_tick_;
    // Under the lock, so that whoever sets an earlier timer finds us either
    // still in here or asleep.
    timer_waiter_.Prepare();
    lock.unlock();
    if (more || stop_.load(std::memory_order_seq_cst)) {
      timer_waiter_.Cancel();
    } else if (next == kNever) {
      timer_waiter_.Sleep(std::nullopt);
    } else {
      const std::int64_t due_ns =
          shared_.start_ns + static_cast<std::int64_t>(next) * kNsPerTick;
      timer_waiter_.Sleep(std::chrono::nanoseconds(
          std::max(due_ns - CycleClock::Get().NowNs(), std::int64_t{0})));
    }
  }
}

// Serves what is due, kExpiryBatch connections at most. Returns how many it
// looked at.
std::size_t Processor::ExpireDue() {
  std::size_t done = 0;
  while (done < kExpiryBatch) {
    const BucketDue due = due_.Top();
    if (due.tick > now_tick_) break;
    Bucket& bucket = *slots_[due.bucket.index()].bucket;
    done += bucket.wheel.Advance(
        now_tick_, kExpiryBatch - done,
        [&](ConnectionIndex index) { Expire(bucket, index); });
    due_.Set(bucket.id, bucket.wheel.NextDue());
  }
  return done;
}

void Processor::Expire(Bucket& bucket, ConnectionIndex index) {
  // The timer before hung: this one is void with all that is in our hands.
  if (ledger_.fenced()) return;
  Connection& connection = shared_.connections[index];
  const bool waiting = !connection.queue.empty();
  if (waiting && !connection.own_timer) {
    // Not idle at all, only not served for long.
    bucket.wheel.Schedule(index, now_tick_ + idle_ticks_);
    return;
  }
  const std::optional<std::chrono::milliseconds> more =
      handler_->OnTimer(connection, now_ns_);
  if (more.has_value()) {
    bucket.wheel.Schedule(index, TickAfter(*more));
  } else if (waiting) {
    connection.own_timer = false;
    bucket.wheel.Schedule(index, now_tick_ + idle_ticks_);
  } else {
    Forget(bucket, index);
  }
}

void Processor::SetTimer(ConnectionIndex index,
                         std::chrono::milliseconds after) {
  Connection& connection = shared_.connections[index];
  connection.own_timer = true;
  const TimerTick deadline = TickAfter(after);
  if (deadline >= connection.deadline) {
    TimingWheel::PushBack(connection, deadline);
    return;
  }
  Bucket& bucket = *slots_[connection.hash & bucket_mask_].bucket;
  bucket.wheel.Reschedule(index, deadline);
  if (due_.Lower(bucket.id, deadline)) timer_waiter_.Notify();
}

TimerTick Processor::TickAfter(std::chrono::milliseconds after) const {
  const auto ticks =
      static_cast<TimerTick>(std::max<std::int64_t>(after.count(), 1));
  return TickOf(now_ns_) + 1 + ticks;  // 1: this tick has begun already
}

void Processor::Forget(Bucket& bucket, ConnectionIndex index) {
  queue_.Detach(index);
  bucket.table->Erase(index);
  --connections_;
  connection_cache_.Free(index);
}

}  // namespace lb::dataplane
