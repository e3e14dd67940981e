// What the simulated agents of one process counted. Any thread.
#ifndef LB_TESTS_BENCH_FLEET_FLEET_STATISTICS_H_
#define LB_TESTS_BENCH_FLEET_FLEET_STATISTICS_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace lb::bench {

struct FleetStatistics {
  std::atomic<std::int64_t> connected = 0;
  std::atomic<std::uint64_t> welcomes = 0;
  std::atomic<std::uint64_t> lost = 0;     // streams that ended
  std::atomic<std::uint64_t> reports = 0;  // handed to gRPC
  // Reports that were due while the one before had not left.
  std::atomic<std::uint64_t> thinned = 0;
  std::atomic<std::uint64_t> report_bytes = 0;  // of one report
  std::atomic<std::uint64_t> plans = 0;
  std::atomic<std::uint64_t> moves = 0;
  std::atomic<std::uint64_t> acknowledged = 0;
  // Plans whose epoch was not above every one seen before.
  std::atomic<std::uint64_t> reused_epochs = 0;

  void AddPlanLatency(std::chrono::nanoseconds latency) {
    const std::lock_guard lock(mutex_);
    plan_latencies_.push_back(latency);
  }
  // From the last report before a plan to its arrival, since the last call.
  std::vector<std::chrono::nanoseconds> TakePlanLatencies() {
    const std::lock_guard lock(mutex_);
    return std::exchange(plan_latencies_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::chrono::nanoseconds> plan_latencies_;
};

}  // namespace lb::bench

#endif  // LB_TESTS_BENCH_FLEET_FLEET_STATISTICS_H_
