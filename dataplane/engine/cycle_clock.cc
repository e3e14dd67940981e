#include "dataplane/engine/cycle_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <ctime>

namespace lb::dataplane {
namespace {

#if defined(__x86_64__)
// CPUID 8000'0007h, EDX bit 8: the counter runs at a constant rate in all
// power states.
bool HasInvariantCounter() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x8000'0007, &a, &b, &c, &d) != 0 && (d & 0x100) != 0;
}
#endif

}  // namespace

const CycleClock& CycleClock::Get() {
  static const CycleClock clock;
  return clock;
}

CycleClock::CycleClock() {
#if defined(__x86_64__)
  if (!HasInvariantCounter()) return;
  constexpr std::int64_t kCalibrationNs = 10'000'000;
  const std::int64_t start_ns = MonotonicNs();
  const std::uint64_t start_cycles = __rdtsc();
  std::int64_t end_ns = start_ns;
  while (end_ns - start_ns < kCalibrationNs) end_ns = MonotonicNs();
  origin_cycles_ = __rdtsc();
  origin_ns_ = end_ns;
  scale_ = static_cast<std::uint64_t>(
      (static_cast<Uint128>(end_ns - start_ns) << 32) /
      (origin_cycles_ - start_cycles));
#endif
}

std::int64_t CycleClock::MonotonicNs() {
  std::timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace lb::dataplane
