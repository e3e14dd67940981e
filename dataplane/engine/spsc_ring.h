// A bounded single-producer single-consumer ring. One thread pushes, one
// thread pops; the ring itself allocates once, at construction.
#ifndef LB_DATAPLANE_ENGINE_SPSC_RING_H_
#define LB_DATAPLANE_ENGINE_SPSC_RING_H_

#include <algorithm>
#include <array>
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
// Publish(), once per batch. They are staged apart and copied into the ring
// many at a time: a store to a line that is still at the other CPU holds up all
// stores behind it, and so there should be few. A producer whose consumer may
// sleep calls StoreLoadFence() before it notifies it (see Waiter).
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
    staging_[pushed_++ - written_] = value;
    if (pushed_ - written_ == kStaged) WriteStaged();
    return true;
  }

  // Producer. Whether Push() would find room.
  bool HasRoom() {
    if (pushed_ != limit_) return true;
    limit_ = head_.load(std::memory_order_acquire) + capacity();
    return pushed_ != limit_;
  }

  // Producer. Makes everything pushed so far visible to the consumer; returns
  // whether there was anything new.
  bool Publish() {
    if (pushed_ == tail_.load(std::memory_order_relaxed)) return false;
    WriteStaged();
    tail_.store(pushed_, std::memory_order_release);
    return true;
  }

  // Consumer. Pops up to out.size() elements, returns how many.
  std::size_t Pop(std::span<T> out) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (known_tail_ == head) {
      known_tail_ = tail_.load(std::memory_order_acquire);
    }
    const std::size_t n = std::min<std::size_t>(out.size(), known_tail_ - head);
    const std::size_t first = BeforeWrap(head, n);
    std::copy_n(slots_.get() + (head & mask_), first, out.data());
    std::copy_n(slots_.get(), n - first, out.data() + first);
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
  static constexpr std::size_t kStaged = 32;

  // Of `n` elements from `position` on, those before the end of slots_.
  std::size_t BeforeWrap(std::uint64_t position, std::size_t n) const {
    return std::min<std::size_t>(n, capacity() - (position & mask_));
  }

  void WriteStaged() {
    const std::size_t n = pushed_ - written_;
    const std::size_t first = BeforeWrap(written_, n);
    std::copy_n(staging_.data(), first, slots_.get() + (written_ & mask_));
    std::copy_n(staging_.data() + first, n - first, slots_.get());
    written_ = pushed_;
  }

  const std::unique_ptr<T[]> slots_;
  const std::size_t mask_;
  // Cache lines of their own: what the other side looks at, and what it does
  // not, or every push would take away the line that the consumer polls.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::atomic<std::uint64_t> head_{0};
  // The producer's.
  alignas(64) std::uint64_t pushed_ = 0;
  std::uint64_t written_ = 0;  // into slots_; the rest is staged
  std::uint64_t limit_;        // of pushed_, by the last look at head_
  std::array<T, kStaged> staging_;
  alignas(64) std::uint64_t known_tail_ = 0;  // the consumer's look at tail_
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_SPSC_RING_H_
