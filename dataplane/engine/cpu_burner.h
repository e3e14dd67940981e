// Spends a given amount of CPU time, as a stand-in for real work.
#ifndef LB_DATAPLANE_ENGINE_CPU_BURNER_H_
#define LB_DATAPLANE_ENGINE_CPU_BURNER_H_

#include <chrono>
#include <cstdint>

namespace lb::dataplane {

// Work, not waiting: a fixed number of dependent multiplications, so that a
// preempted burner still has its work to do and a slower CPU takes longer.
// Calibrated once per process against the thread's CPU clock. Any thread.
class CpuBurner {
 public:
  explicit CpuBurner(std::chrono::nanoseconds cost);
  void Burn() const;

 private:
  std::uint64_t rounds_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_CPU_BURNER_H_
