#include "dataplane/engine/thread_cpu.h"

#include <pthread.h>
#include <sched.h>

#include <ctime>

#include "common/log.h"

namespace lb::dataplane {
namespace {

std::int64_t ReadClock(clockid_t id) {
  std::timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace

void PinThisThread(std::optional<std::uint32_t> cpu) {
  if (!cpu.has_value()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(*cpu, &set);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
  if (error != 0) {
    spdlog::warn("cannot pin a thread to CPU {} (error {}); it runs unpinned",
                 *cpu, error);
  }
}

std::int64_t ThreadCpuNs() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

std::int64_t CpuNsOf(std::thread& thread) {
  clockid_t id{};
  if (pthread_getcpuclockid(thread.native_handle(), &id) != 0) return 0;
  return ReadClock(id);
}

}  // namespace lb::dataplane
