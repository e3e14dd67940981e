// The controller's one thread for decisions: tasks run one after another, so
// what they touch needs no lock. Driven by a thread in production (Run) and by
// hand in tests (RunReady).
#ifndef LB_CONTROLLER_CORE_EVENT_LOOP_H_
#define LB_CONTROLLER_CORE_EVENT_LOOP_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
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

// Post, PostBulk, PostAt, WaitForRoom and Stop: any thread. Run and RunReady:
// one thread, the loop's. Tasks that never ran are destroyed with the loop, on
// its destroyer's thread.
class EventLoop final : public Executor {
 public:
  // So many bulk tasks run before others are looked for again.
  static constexpr std::size_t kBulkTurn = 8;
  // Once all have run, the next ones wait so long for others, so that
  // thousands a second do not wake the thread as often.
  static constexpr std::chrono::milliseconds kBulkRest{1};

  explicit EventLoop(const Clock& clock) : clock_(clock) {}
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void Post(Task task) override;
  // For what comes in masses and can wait, such as reports: runs in the order
  // posted when no other task is due.
  void PostBulk(Task task);
  // Waits until fewer than `most` bulk tasks are there, or the loop was
  // stopped. Not on the loop's own thread.
  void WaitForRoom(std::size_t most);
  // Runs `task` once the clock's monotonic time reaches `when`.
  void PostAt(MonotonicTime when, Task task);

  // Runs what is due, and what that posts, until nothing is; bulk does not
  // rest. Returns how many tasks ran.
  std::size_t RunReady();
  // Runs tasks as they become due until Stop().
  void Run();
  void Stop();

 private:
  // Both require the lock. Tasks due at `now`, in order.
  std::vector<Task> TakeDue(MonotonicTime now);
  // The same, or a turn of bulk if there are none.
  std::vector<Task> TakeDueOrBulk(MonotonicTime now);

  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable room_;
  std::vector<Task> ready_;
  std::deque<Task> bulk_;
  MonotonicTime bulk_rests_until_{};
  std::multimap<MonotonicTime, Task> timers_;
  bool stopped_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_EVENT_LOOP_H_
