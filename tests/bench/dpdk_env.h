// DPDK's environment for the benches that run its functions beside ours.
#ifndef LB_TESTS_BENCH_DPDK_ENV_H_
#define LB_TESTS_BENCH_DPDK_ENV_H_

namespace lb::dataplane {

// Starts DPDK's environment on the first call, without huge pages and devices:
// nothing measured here lies in its memory, except for rings and distributors.
// Ends the program if it cannot. The calling thread stays where it may run.
void StartDpdk();

}  // namespace lb::dataplane

#endif  // LB_TESTS_BENCH_DPDK_ENV_H_
