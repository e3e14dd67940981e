// The controller's one thread for decisions: tasks run one after another, so
// what they touch needs no lock. Driven by a thread in production (Run) and by
// hand in tests (RunReady).
#ifndef LB_CONTROLLER_CORE_EVENT_LOOP_H_
#define LB_CONTROLLER_CORE_EVENT_LOOP_H_

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "common/clock.h"

namespace lb::controller {

using Task = absl::AnyInvocable<void() &&>;

// Where results are delivered. Any thread may post; tasks run in the order
// they were posted, never inside Post.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Post(Task task) = 0;
};

// Post, PostAt and Stop: any thread. Run and RunReady: one thread, the loop's.
// Tasks that never ran are destroyed with the loop, on its destroyer's thread.
class EventLoop final : public Executor {
 public:
  explicit EventLoop(const Clock& clock) : clock_(clock) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Post(Task task) override;
  // Runs `task` once the clock's monotonic time reaches `when`.
  void PostAt(MonotonicTime when, Task task);

  // Runs what is due, and what that posts, until nothing is; returns how many
  // tasks ran.
  std::size_t RunReady();
  // Runs tasks as they become due until Stop().
  void Run();
  void Stop();

 private:
  // Tasks due now, in order; empties the queue. Requires the lock.
  std::vector<Task> TakeDue();

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> ready_;
  std::multimap<MonotonicTime, Task> timers_;
  bool stopped_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_EVENT_LOOP_H_
