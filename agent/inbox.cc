#include "agent/inbox.h"

#include <utility>

namespace lb::agent {

bool Inbox::Push(Incoming incoming) {
  const std::lock_guard lock(mutex_);
  const bool ours = std::holds_alternative<LinkDown>(incoming.message) ||
                    std::holds_alternative<Answer>(incoming.message);
  if (messages_.size() >= limit_ && !ours) return false;
  messages_.push_back(std::move(incoming));
  changed_.notify_one();
  return true;
}

std::optional<Incoming> Inbox::Pop(MonotonicTime until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until,
                      [this] { return stopped_ || !messages_.empty(); });
  if (stopped_ || messages_.empty()) return std::nullopt;
  Incoming oldest = std::move(messages_.front());
  messages_.pop_front();
  return oldest;
}

void Inbox::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool Inbox::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

}  // namespace lb::agent
