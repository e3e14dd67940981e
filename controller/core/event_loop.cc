#include "controller/core/event_loop.h"

#include <utility>

namespace lb::controller {

void EventLoop::Post(Task task) {
  {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void EventLoop::PostAt(MonotonicTime when, Task task) {
  {
    const std::lock_guard lock(mutex_);
    timers_.emplace(when, std::move(task));
  }
  wake_.notify_one();
}

std::vector<Task> EventLoop::TakeDue() {
  const MonotonicTime now = clock_.Monotonic();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    ready_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
  return std::exchange(ready_, {});
}

std::size_t EventLoop::RunReady() {
  std::size_t count = 0;
  for (;;) {
    std::vector<Task> due;
    {
      const std::lock_guard lock(mutex_);
      due = TakeDue();
    }
    if (due.empty()) return count;
    for (Task& task : due) std::move(task)();
    count += due.size();
  }
}

void EventLoop::Run() {
  for (;;) {
    std::vector<Task> due;
    {
      std::unique_lock lock(mutex_);
      while (!stopped_ && (due = TakeDue()).empty()) {
        if (timers_.empty()) {
          wake_.wait(lock);
        } else {
          wake_.wait_until(lock, MonotonicTime(timers_.begin()->first));
        }
      }
      if (stopped_) return;
    }
    for (Task& task : due) std::move(task)();
  }
}

void EventLoop::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  wake_.notify_all();
}

}  // namespace lb::controller
