// A bounded single-producer single-consumer ring. One thread pushes, one
// thread pops; the ring itself allocates once, at construction.
#ifndef LB_DATAPLANE_ENGINE_SPSC_RING_H_
#define LB_DATAPLANE_ENGINE_SPSC_RING_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace lb::dataplane {

// Positions count pushes and pops since the start and never wrap in practice
// (2^64), so that a position read from tail() serves as a fence: everything
// pushed before has been popped once head() has reached it.
//
// The producer stages elements with Push() and makes them visible with
// Publish(), once per batch. A producer whose consumer may sleep calls
// StoreLoadFence() before it notifies it (see Waiter).
template <class T>
class SpscRing {
 public:
  // `capacity` is a power of two.
  explicit SpscRing(std::size_t capacity)
      : slots_(std::make_unique<T[]>(capacity)),
        mask_(capacity - 1),
        limit_(capacity) {}

  std::size_t capacity() const { return mask_ + 1; }

  // Producer. False, and nothing pushed, when there is no room.
  bool Push(T value) {
    if (!HasRoom()) return false;
    slots_[staged_++ & mask_] = value;
    return true;
  }

  // Producer. Whether Push() would find room.
  bool HasRoom() {
    if (staged_ != limit_) return true;
    limit_ = head_.load(std::memory_order_acquire) + capacity();
    return staged_ != limit_;
  }

  // Producer. Makes everything pushed so far visible to the consumer; returns
  // whether there was anything new.
  bool Publish() {
    if (staged_ == tail_.load(std::memory_order_relaxed)) return false;
    tail_.store(staged_, std::memory_order_release);
    return true;
  }

  // Consumer. Pops up to out.size() elements, returns how many.
  std::size_t Pop(std::span<T> out) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (known_tail_ == head) {
      known_tail_ = tail_.load(std::memory_order_acquire);
    }
    const std::size_t n = std::min<std::size_t>(out.size(), known_tail_ - head);
    for (std::size_t i = 0; i < n; ++i) out[i] = slots_[(head + i) & mask_];
    if (n > 0) head_.store(head + n, std::memory_order_release);
    return n;
  }

  // Consumer, before it sleeps.
  bool EmptyForSleep() const {
    return tail_.load(std::memory_order_seq_cst) ==
           head_.load(std::memory_order_relaxed);
  }

  // Any thread; exact for the side that owns the position.
  std::uint64_t tail() const { return tail_.load(std::memory_order_acquire); }
  std::uint64_t head() const { return head_.load(std::memory_order_acquire); }

 private:
  const std::unique_ptr<T[]> slots_;
  const std::size_t mask_;
  // Cache lines of their own: what the other side looks at, and what it does
  // not, or every push would take away the line that the consumer polls.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::atomic<std::uint64_t> head_{0};
  alignas(64) std::uint64_t staged_ = 0;  // the producer's
  std::uint64_t limit_;                   // of it, by its last look at head_
  alignas(64) std::uint64_t known_tail_ = 0;  // the consumer's look at tail_
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_SPSC_RING_H_
