// What a thread's CPU is: where it runs, and what it has used of it.
#ifndef LB_DATAPLANE_ENGINE_THREAD_CPU_H_
#define LB_DATAPLANE_ENGINE_THREAD_CPU_H_

#include <cstdint>
#include <optional>
#include <thread>

namespace lb::dataplane {

// Pins the calling thread; nothing happens without a CPU. A refusal is logged
// and the thread runs unpinned.
void PinThisThread(std::optional<std::uint32_t> cpu);

// CPU time the calling thread has used. About 380 ns a call.
std::int64_t ThreadCpuNs();

// CPU time another thread has used; it must not have been joined.
std::int64_t CpuNsOf(std::thread& thread);

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_THREAD_CPU_H_
