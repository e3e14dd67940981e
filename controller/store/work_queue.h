// A queue between any threads that add and one that takes all there is.
#ifndef LB_CONTROLLER_STORE_WORK_QUEUE_H_
#define LB_CONTROLLER_STORE_WORK_QUEUE_H_

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace lb::controller {

template <class T>
class WorkQueue {
 public:
  // False, and `item` stays as it was, if the queue was closed.
  bool Push(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      items_.push_back(std::move(item));
      hurried_ = true;
    }
    wake_.notify_one();
    return true;
  }

  // For items that can wait until there are more. False also if `capacity`
  // items or more were added and not taken yet.
  bool PushPatiently(std::size_t capacity, T&& item) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity) return false;
      first = items_.empty();
      items_.push_back(std::move(item));
    }
    if (first) wake_.notify_one();
    return true;
  }

  // Waits for items, for at most `patience` more while all of them can wait,
  // and takes them all, in order. Empty: the queue was closed and everything
  // was taken.
  std::vector<T> TakeAll(std::chrono::milliseconds patience = {}) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closed_ || !items_.empty(); });
    wake_.wait_for(lock, patience, [this] { return closed_ || hurried_; });
    hurried_ = false;
    return std::exchange(items_, {});
  }

  // Nothing more is added; what is there can still be taken.
  void Close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    wake_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<T> items_;
  bool hurried_ = false;  // some of them cannot wait
  bool closed_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_WORK_QUEUE_H_
