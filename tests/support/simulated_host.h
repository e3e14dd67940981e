// A host whose processors are as busy as the buckets its table gives them:
// makes the hellos, reports and plan results of an agent. No time, no threads.
#ifndef LB_TESTS_SUPPORT_SIMULATED_HOST_H_
#define LB_TESTS_SUPPORT_SIMULATED_HOST_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/core/agent_messages.h"

namespace lb::controller {

class SimulatedHost {
 public:
  // `loads` are the buckets' offered loads in ns per second; as many as there
  // are buckets. The table is dealt round robin.
  SimulatedHost(std::string name, std::uint32_t processors,
                std::vector<std::uint64_t> loads);

  Hello MakeHello() const;
  // What was measured over the `interval` that ends at `end`, on its clock.
  Report MakeReport(std::chrono::nanoseconds end,
                    std::chrono::nanoseconds interval);
  // Applies the plan whole.
  PlanResult Apply(const PlanCommand& command);
  // Applies the first `moves` of it only.
  PlanResult ApplyPartly(const PlanCommand& command, std::size_t moves);
  PlanResult Reject(const PlanCommand& command, std::string reason) const;

  // Highest busy time over mean busy time, by the true loads.
  double TrueImbalance() const;

  std::string name;
  std::string instance_id;
  Layout layout;
  Table table;
  std::vector<std::uint64_t> loads;
  Term term;
  Epoch epoch;
  std::string store_id;
  std::uint64_t sequence = 0;
  std::chrono::nanoseconds dispatcher_busy_per_s{0};

 private:
  std::vector<std::uint64_t> Busy() const;  // ns per second, by processor
};

}  // namespace lb::controller

#endif  // LB_TESTS_SUPPORT_SIMULATED_HOST_H_
