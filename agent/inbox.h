// What arrived from the controller and waits for the control thread.
#ifndef LB_AGENT_INBOX_H_
#define LB_AGENT_INBOX_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "agent/messages.h"
#include "common/clock.h"

namespace lb::agent {

// Any thread may call every method.
class Inbox {
 public:
  // Holds at most `limit` messages, and any number of LinkDown and Answer,
  // which are bounded elsewhere.
  explicit Inbox(std::size_t limit = 64) : limit_(limit) {}

  // False, and nothing taken, when the inbox is full: a controller that sends
  // faster than plans can be applied is to be cut off.
  bool Push(Incoming incoming);

  // The oldest message; nothing once `until` has passed or Stop() was called.
  std::optional<Incoming> Pop(MonotonicTime until);

  // Ends every Pop(), now and later.
  void Stop();
  bool stopped() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Incoming> messages_;
  bool stopped_ = false;
};

}  // namespace lb::agent

#endif  // LB_AGENT_INBOX_H_
