// What a simulation found out. Values; pure.
#ifndef LB_SIM_RESULT_H_
#define LB_SIM_RESULT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/latency_histogram.h"
#include "sim/ledger.h"

namespace lb::sim {

// One second of one host, by what was offered, not by what was measured.
struct SecondResult {
  double utilization = 0;  // what was offered over what could be served
  double imbalance = 1;    // the processors' highest over that
  std::uint64_t dropped = 0;
  std::uint32_t moves = 0;
};

struct PlanResult {
  std::int64_t time_ms = 0;  // when it was applied
  std::uint32_t host = 0;
  std::uint32_t moves = 0;
  double imbalance_before = 1;     // as measured
  double imbalance_predicted = 1;  // by the planner
};

// One run: one scenario, one planner, one seed; all hosts together.
struct RunResult {
  std::uint64_t seed = 0;
  // Of packets that arrived after the time to be ignored.
  LatencyHistogram latency;
  std::uint64_t arrived = 0;
  std::uint64_t dropped = 0;
  // Of the whole run.
  PacketCounts packets;
  std::uint64_t queued = 0;  // at its end
  std::uint64_t reports = 0;
  std::uint64_t moves = 0;
  std::uint64_t moves_not_ignored = 0;  // after the time to be ignored
  std::uint64_t moved_connections = 0;
  // Moves to a processor that the bucket had left less than 60 s before.
  std::uint64_t returns = 0;
  // Of the bucket that holds the connection that sends most.
  std::uint64_t heaviest_moves = 0;
  std::vector<PlanResult> plans;
  std::vector<std::vector<SecondResult>> seconds;  // by host
};

// Adds another host's run to `sum`.
void AddHost(const RunResult& host, RunResult& sum);

// The figures of a run that are compared; of several runs, the median of each.
struct Figures {
  double mean_ms = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
  double drop_part = 0;  // of arrivals; both after the time to be ignored
  double drops = 0;
  double imbalance = 1;  // mean over all seconds after that time
  double highest_imbalance = 1;
  double plans = 0;
  double act_part = 0;  // plans over reports
  double moves = 0;
  double moves_not_ignored = 0;
  double moved_connections = 0;
  double returns = 0;
  double heaviest_moves = 0;
};

Figures FiguresOf(const RunResult& run, std::int64_t ignored_ms);

// Of each figure; of an even number of runs the mean of the middle two.
Figures Median(const std::vector<Figures>& runs);

}  // namespace lb::sim

#endif  // LB_SIM_RESULT_H_
