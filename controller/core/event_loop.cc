#include "controller/core/event_loop.h"

#include <algorithm>
#include <utility>

namespace lb::controller {

using std::chrono::steady_clock;

void EventLoop::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
  }
  wake_.notify_one();
}

// While bulk rests, the loop wakes by itself. That is between threads, so a
// clock that stands still, as some do in tests, is not asked.
void EventLoop::PostBulk(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = bulk_.empty() && steady_clock::now() >= bulk_rests_until_;
    bulk_.push_back(std::move(task));
  }
  if (wake) wake_.notify_one();
}

void EventLoop::WaitForRoom(std::size_t most) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return stopped_ || bulk_.size() < most; });
}

void EventLoop::PostAt(MonotonicTime when, Task task) {
  {
    const std::lock_guard lock(mutex_);
    timers_.emplace(when, std::move(task));
  }
  wake_.notify_one();
}

std::vector<Task> EventLoop::TakeDue(MonotonicTime now) {
  while (!timers_.empty() && timers_.begin()->first <= now) {
    ready_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
  return std::exchange(ready_, {});
}

std::vector<Task> EventLoop::TakeDueOrBulk(MonotonicTime now) {
  std::vector<Task> due = TakeDue(now);
  if (!due.empty()) return due;
  while (!bulk_.empty() && due.size() < kBulkTurn) {
    due.push_back(std::move(bulk_.front()));
    bulk_.pop_front();
  }
  if (!due.empty()) room_.notify_all();
  if (!due.empty() && bulk_.empty()) {
    bulk_rests_until_ = steady_clock::now() + kBulkRest;
  }
  return due;
}

std::size_t EventLoop::RunReady() {
  std::size_t count = 0;
  for (;;) {
    std::vector<Task> due;
    {
      const std::lock_guard lock(mutex_);
      due = TakeDueOrBulk(clock_.Monotonic());
    }
    if (due.empty()) return count;
    for (Task& task : due) std::move(task)();
    count += due.size();
  }
}

void EventLoop::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    const MonotonicTime now = clock_.Monotonic();
    const bool resting = steady_clock::now() < bulk_rests_until_;
    std::vector<Task> due = resting ? TakeDue(now) : TakeDueOrBulk(now);
    if (!due.empty()) {
      lock.unlock();
      for (Task& task : due) std::move(task)();
      due.clear();
      lock.lock();
      continue;
    }
    MonotonicTime next = MonotonicTime::max();
    if (resting) next = bulk_rests_until_;
    if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
    if (next == MonotonicTime::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, next);
    }
  }
}

void EventLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
  room_.notify_all();
}

}  // namespace lb::controller
