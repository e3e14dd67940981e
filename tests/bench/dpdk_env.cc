#include "tests/bench/dpdk_env.h"

#include <pthread.h>
#include <rte_eal.h>
#include <rte_timer.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace lb::dataplane {
namespace {

bool Start() {
  cpu_set_t before;
  pthread_getaffinity_np(pthread_self(), sizeof before, &before);
  // rte_eal_init() keeps the pointers and may change what they point at.
  static std::array<char[24], 8> arguments = {
      "lb_bench", "--no-huge", "--no-pci",       "--no-shconf",
      "-l0",      "-m512",     "--no-telemetry", "--log-level=error"};
  static std::array<char*, 8> argv;
  for (std::size_t i = 0; i < argv.size(); ++i) argv[i] = arguments[i];
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0 ||
      rte_timer_subsystem_init() < 0) {
    std::fputs(
        "lb_bench: error: DPDK does not start; leave its benches out "
        "with --benchmark_filter=-dpdk\n",
        stderr);
    std::exit(1);
  }
  pthread_setaffinity_np(pthread_self(), sizeof before, &before);
  return true;
}

}  // namespace

void StartDpdk() {
  static const bool started = Start();
  static_cast<void>(started);
}

}  // namespace lb::dataplane
