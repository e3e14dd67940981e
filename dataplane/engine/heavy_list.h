// Connections whose packets a processor cannot use: its queue is full, and they
// are what it is full of. Dispatchers drop what comes of them, instead of
// sending it for the processor to drop.
#ifndef LB_DATAPLANE_ENGINE_HEAVY_LIST_H_
#define LB_DATAPLANE_ENGINE_HEAVY_LIST_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "common/flow_key.h"

namespace lb::dataplane {

// One writer, the processor's worker, and any number of readers, each with a
// copy of its own. Nobody ever waits: who finds the list in use leaves it for
// the next batch.
class HeavyList {
 public:
  static constexpr std::size_t kMost = 4;

  struct Entry {
    std::uint32_t hash = 0;
    FlowKey key;
    std::uint32_t mean_service_ns =
        0;  // what a dropped packet would have taken
  };

  class Copy {
   public:
    bool empty() const { return size_ == 0; }
    // Null if the connection is not in the list.
    const Entry* Find(std::uint32_t hash, const FlowKey& key) const {
      for (const Entry& entry : std::span(entries_).first(size_)) {
        if (entry.hash == hash && entry.key == key) return &entry;
      }
      return nullptr;
    }

   private:
    friend class HeavyList;
    std::uint64_t version_ = 0;
    std::size_t size_ = 0;
    std::array<Entry, kMost> entries_;
  };

  // Worker: takes the place of what the list held; kMost entries at most. False
  // if the list was in use and has not changed.
  bool Write(std::span<const Entry> entries) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return false;
    std::ranges::copy(entries, list_.entries_.begin());
    list_.size_ = entries.size();
    version_.store(++list_.version_, std::memory_order_release);
    return true;
  }

  // Dispatcher: brings its copy up to date. While the list is in use a copy
  // that is not is empty: it may be of any age. Once per batch; one load where
  // nothing has changed.
  void Read(Copy& copy) const {
    if (version_.load(std::memory_order_acquire) == copy.version_) return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock.owns_lock()) {
      copy = list_;
    } else {
      copy.size_ = 0;
    }
  }

 private:
  alignas(64) std::atomic<std::uint64_t> version_{0};
  mutable std::mutex mutex_;
  Copy list_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_HEAVY_LIST_H_
