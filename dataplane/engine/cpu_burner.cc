#include "dataplane/engine/cpu_burner.h"

#include <algorithm>
#include <limits>

#include "dataplane/engine/thread_cpu.h"

namespace lb::dataplane {
namespace {

void Spend(std::uint64_t rounds) {
  std::uint64_t x = rounds | 1;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    x *= 0x9e37'79b9'7f4a'7c15;
    asm volatile("" : "+r"(x));  // the compiler must not fold the rounds
  }
}

// Rounds per ms of CPU time: the fastest of several tries, so that neither a
// cold clock nor a noisy neighbour makes the work look dearer than it is.
std::uint64_t CalibrateRoundsPerMs() {
  constexpr std::uint64_t kRounds = 1'000'000;
  std::int64_t best_ns = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 8; ++i) {
    const std::int64_t start_ns = ThreadCpuNs();
    Spend(kRounds);
    best_ns = std::min(best_ns, ThreadCpuNs() - start_ns);
  }
  return kRounds * 1'000'000 /
         static_cast<std::uint64_t>(std::max<std::int64_t>(best_ns, 1));
}

}  // namespace

CpuBurner::CpuBurner(std::chrono::nanoseconds cost) {
  static const std::uint64_t rounds_per_ms = CalibrateRoundsPerMs();
  rounds_ = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(cost.count()) * rounds_per_ms / 1'000'000);
}

void CpuBurner::Burn() const { Spend(rounds_); }

}  // namespace lb::dataplane
