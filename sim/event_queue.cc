#include "sim/event_queue.h"

#include <algorithm>

namespace lb::sim {

void EventQueue::At(std::int64_t time_ns, std::function<void()> action) {
  events_.push_back({time_ns, number_++, std::move(action)});
  std::push_heap(events_.begin(), events_.end(), Later);
}

void EventQueue::RunNext() {
  std::pop_heap(events_.begin(), events_.end(), Later);
  const Event event = std::move(events_.back());
  events_.pop_back();
  now_ns_ = event.time_ns;
  event.action();
}

}  // namespace lb::sim
