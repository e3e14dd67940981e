// What a processor has accounted for, written down once a batch, and how the
// control thread fences the processor off between two batches.
#ifndef LB_DATAPLANE_ENGINE_PROCESSOR_LEDGER_H_
#define LB_DATAPLANE_ENGINE_PROCESSOR_LEDGER_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "dataplane/engine/processor_sample.h"

namespace lb::dataplane {

// Generation and number of entries are one word. Commit() moves the number on
// by compare-and-swap, Fence() the generation: so either an entry is in force
// before the fence, or it never is. Two entries are kept; while a fence stands,
// the one in force is not written to.
class ProcessorLedger {
 public:
  struct Entry {
    ProcessorCounters counters;
    std::uint64_t waiting = 0;  // queued or held
    std::uint64_t connections = 0;
  };

  // --- Under the processor's lock.

  // Puts `entry` in force; false, with nothing changed, if there was a fence
  // since the start or the last Rejoin().
  bool Commit(const Entry& entry) {
    std::uint64_t expected = mine_;
    const std::uint64_t next =
        GenerationOf(mine_) << 32 | static_cast<std::uint32_t>(mine_ + 1);
    entries_[next & 1] = entry;
    if (!word_.compare_exchange_strong(expected, next)) return false;
    mine_ = next;
    return true;
  }
  // The entry in force.
  const Entry& last() const { return entries_[mine_ & 1]; }
  // The generation that the processor works for.
  std::uint32_t joined() const {
    return static_cast<std::uint32_t>(GenerationOf(mine_));
  }
  bool fenced() const { return joined() != generation(); }
  // The processor has no more to do with anything from before the fence; the
  // control thread has read what it wanted.
  void Rejoin() { mine_ = word_.load(); }

  // --- The control thread.

  // Begins a generation; returns the last entry of the one that ends.
  Entry Fence() {
    std::uint64_t word = word_.load();
    while (
        !word_.compare_exchange_weak(word, word + (std::uint64_t{1} << 32))) {
    }
    return entries_[word & 1];
  }

  // --- Any thread.

  std::uint32_t generation() const {
    return static_cast<std::uint32_t>(GenerationOf(word_.load()));
  }
  // Entries so far; wraps. Changes with every batch.
  std::uint32_t entries() const {
    return static_cast<std::uint32_t>(word_.load());
  }

 private:
  static std::uint64_t GenerationOf(std::uint64_t word) { return word >> 32; }

  std::array<Entry, 2> entries_;
  std::uint64_t mine_ = 0;  // the word as the processor last left it
  alignas(64) std::atomic<std::uint64_t> word_{0};
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_PROCESSOR_LEDGER_H_
