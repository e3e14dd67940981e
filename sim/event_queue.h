// What is to happen in a simulation besides packets, in order of time; what is
// due at the same time, in the order in which it was asked for. One thread.
#ifndef LB_SIM_EVENT_QUEUE_H_
#define LB_SIM_EVENT_QUEUE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace lb::sim {

class EventQueue {
 public:
  static constexpr std::int64_t kNever =
      std::numeric_limits<std::int64_t>::max();

  void At(std::int64_t time_ns, std::function<void()> action);

  // kNever if nothing is to happen.
  std::int64_t next_ns() const {
    return events_.empty() ? kNever : events_.front().time_ns;
  }
  std::int64_t now_ns() const { return now_ns_; }

  // Lets the next event happen; there must be one.
  void RunNext();

 private:
  struct Event {
    std::int64_t time_ns = 0;
    std::uint64_t number = 0;
    std::function<void()> action;
  };
  static bool Later(const Event& a, const Event& b) {
    return std::pair(a.time_ns, a.number) > std::pair(b.time_ns, b.number);
  }

  std::vector<Event> events_;  // a heap
  std::uint64_t number_ = 0;
  std::int64_t now_ns_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_EVENT_QUEUE_H_
