// What stands between "I have brought you work" and "are you asleep?".
#ifndef LB_DATAPLANE_ENGINE_STORE_LOAD_FENCE_H_
#define LB_DATAPLANE_ENGINE_STORE_LOAD_FENCE_H_

#include <atomic>

namespace lb::dataplane {

// Stores before it are visible to everybody before anything after it is read.
// One fence does for all rings of a batch, where a sequentially consistent
// store each would wait for each ring's lines to come over from the other CPU.
//
// ThreadSanitizer does not model fences and so the compiler warns of them. Here
// it need not: no data is handed over by this fence, the rings' positions do
// that.
inline void StoreLoadFence() {
#pragma GCC diagnostic push
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  std::atomic_thread_fence(std::memory_order_seq_cst);
#pragma GCC diagnostic pop
}

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_STORE_LOAD_FENCE_H_
