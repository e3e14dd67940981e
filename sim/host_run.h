// One host's part of a simulation: its traffic, its controller, and what
// happens to it. One thread.
#ifndef LB_SIM_HOST_RUN_H_
#define LB_SIM_HOST_RUN_H_

#include <cstdint>

#include "absl/status/status.h"
#include "sim/balancer.h"
#include "sim/event_queue.h"
#include "sim/host.h"
#include "sim/move_tally.h"
#include "sim/result.h"
#include "sim/scenario.h"
#include "sim/workload.h"

namespace lb::sim {

class HostRun {
 public:
  // All are valid; `workload` has not been started. `planner` may be null. The
  // references outlive the run.
  HostRun(const Scenario& scenario, const balance::Policy& policy,
          const balance::Planner* planner, Workload& workload,
          std::uint64_t seed);

  // Everything up to the scenario's end; once. Errors of the planner.
  absl::Status Run();

  // After Run().
  RunResult TakeResult();
  const Host& host() const { return host_; }

 private:
  void ScheduleReport(std::int64_t time_ns);
  void ScheduleSecond(std::int64_t time_ns);
  void ScheduleFinish(std::int64_t time_ns);  // of the moves under way
  void ScheduleHappening(const Happening& happening);
  // Closes the host's interval and sends what it measured.
  void Report();
  void OnReport(const LoadSample& sample);
  void Apply(const OrderedPlan& plan);
  // Tells the controller, which takes its time, too.
  void SendResult();
  void CloseSecond();
  void Happen(const Happening& happening);
  void TakeOver(ProcessorId processor);

  const Scenario& scenario_;
  Workload& workload_;
  const std::int64_t end_ns_;
  const std::int64_t interval_ns_;
  Host host_;
  Balancer balancer_;
  EventQueue events_;
  absl::Status status_;
  RunResult result_;
  MoveTally tally_;
  std::uint64_t moves_before_ = 0;  // this second
  std::uint64_t dropped_before_ = 0;
};

}  // namespace lb::sim

#endif  // LB_SIM_HOST_RUN_H_
