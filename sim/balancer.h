// The controller's part in a simulation: the loop of one host, with the same
// HostLoad, Decide(), Planner and Judge() as the controller. Left out is what
// needs no balance: refusals, proposals of mode advise, limits of the fleet.
// One thread; times are of the simulation.
#ifndef LB_SIM_BALANCER_H_
#define LB_SIM_BALANCER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "balance/decision.h"
#include "balance/host_load.h"
#include "balance/move_history.h"
#include "balance/planner.h"
#include "balance/policy.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"

namespace lb::sim {

struct OrderedPlan {
  Digest base;
  Table table;
  std::uint32_t moves = 0;
  double imbalance_before = 1;
  double imbalance_predicted = 1;
};

class Balancer {
 public:
  // `planner` may be null: then nothing is ever planned. Both outlive the
  // balancer. `policy` is valid.
  Balancer(const Layout& layout, const Table& table,
           const balance::Policy& policy, const balance::Planner* planner);

  // A report has come in. The plan to carry out, if any, which is under way
  // from then on; an error if the planner failed.
  absl::StatusOr<std::optional<OrderedPlan>> OnReport(
      const LoadSample& report, std::chrono::nanoseconds now);

  // The plan under way was applied, or refused: `table` is what is in force.
  void OnResult(const Table& table, std::chrono::nanoseconds now);

  // The host changed its table by itself.
  void OnTable(const Table& table, std::chrono::nanoseconds now);

  const balance::Decision& decision() const { return decision_; }

 private:
  absl::StatusOr<std::optional<OrderedPlan>> Plan(std::chrono::nanoseconds now);

  const balance::Policy policy_;
  const balance::Planner* const planner_;
  Table table_;
  balance::HostLoad load_;
  balance::MoveHistory history_;
  balance::Decision decision_;
  std::uint32_t over_trigger_ = 0;
  bool plan_in_flight_ = false;
  std::chrono::nanoseconds reported_{0};  // time that reports were about
};

}  // namespace lb::sim

#endif  // LB_SIM_BALANCER_H_
