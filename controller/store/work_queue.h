// A queue between any threads that add and one that takes all there is.
#ifndef LB_CONTROLLER_STORE_WORK_QUEUE_H_
#define LB_CONTROLLER_STORE_WORK_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace lb::controller {

template <class T>
class WorkQueue {
 public:
  // False, and `item` stays as it was, if the queue was closed.
  bool Push(T&& item) { return PushWithin(kAny, std::move(item)); }

  // False also if `capacity` items or more were added and not taken yet.
  bool PushWithin(std::size_t capacity, T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= capacity) return false;
      items_.push_back(std::move(item));
    }
    wake_.notify_one();
    return true;
  }

  // Waits for items and takes them all, in order. Empty: the queue was closed
  // and everything was taken.
  std::vector<T> TakeAll() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closed_ || !items_.empty(); });
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
  static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<T> items_;
  bool closed_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_WORK_QUEUE_H_
