// When to act on a host, and if not, why not. Pure functions of their
// arguments: no clock, no state, no libm; any thread. Equal inputs give equal
// decisions on every machine.
//
// How a controller uses it, for each host:
//   1. HostLoad (host_load.h) takes in every report and every change of table.
//   2. After each report: m = host_load.Measure(), then fill in the flags only
//      the controller knows (stale, warming_up, input_bound, plan_in_flight),
//      then d = Decide(policy, m, d.over_trigger of the report before).
//   3. d.act: s = host_load.MakeSnapshot(), mark pins, cooldowns, returns and
//      drains in it, ask the planner, and give its proposal to Judge().
//   4. Everything else is a non-decision: record it when d.verdict changes.
#ifndef LB_BALANCE_DECISION_H_
#define LB_BALANCE_DECISION_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "balance/planner.h"
#include "balance/policy.h"
#include "common/load.h"

namespace lb::balance {

struct ProcessorMeasurement {
  // Of the current table only, merged over its last reports; in CPUs.
  SampleStatistics samples;
  std::uint32_t capacity_permille = 1'000;
  bool in_service = true;  // false: drained or stalled
  bool stalled = false;
  // What is offered to a processor that is saturated, so that its samples
  // cannot tell, if that is more; else 0. In CPUs.
  double offered = 0;
  std::uint32_t buckets = 0;  // held under the current table
  std::uint32_t pinned = 0;   // of these, never to be moved
};

struct HostMeasurement {
  std::vector<ProcessorMeasurement> processors;  // by ProcessorId
  double bound = 1;
  // Standard error of an imbalance by how processors' utilizations over the
  // mean one went up and down from report to report; 0 if that is not known.
  double error_between_reports = 0;
  // False unless the last report began and ended under the current table.
  bool current_table = false;
  bool stale = false;           // no report for three intervals
  bool warming_up = false;      // connected for less than the warm-up
  bool input_bound = false;     // a dispatcher is the bottleneck
  bool plan_in_flight = false;  // sent, and not answered yet
  std::string nonsense;         // what is wrong with the last report, or empty
};

// Numbers are stored: never reuse one.
enum class Verdict : std::uint8_t {
  // To act.
  kImbalance = 1,       // over the trigger, twice running, and significant
  kEmptyProcessor = 2,  // a processor in service holds no bucket
  kEvacuate = 3,        // a processor out of service still holds buckets
  // Not to act.
  kOff = 10,             // the policy's mode
  kPlanInFlight = 11,    // plan anew when its result is in
  kStale = 12,           // frozen
  kNonsensical = 13,     // frozen
  kWarmingUp = 14,       // frozen
  kInputBound = 15,      // frozen: moving buckets would not help
  kOtherTable = 16,      // no report of the current table yet
  kBelowFloor = 17,      // too little load to matter
  kEven = 18,            // imbalance at most trigger x bound
  kNotSignificant = 19,  // could be chance
  kOnce = 20,            // over the trigger in one report only
  // Not to act after all, from Judge().
  kNoBetterTable = 30,  // the planner found no moves that help
  kGainTooSmall = 31,   // below the policy's min_gain
};

// "IMBALANCE", "BELOW_FLOOR", ... for events and the API.
std::string_view VerdictName(Verdict verdict);
// True for the verdicts that ask for a plan.
bool IsAct(Verdict verdict);
// True if the host cannot be judged at present: its state is FROZEN.
bool IsFrozen(Verdict verdict);

struct Decision {
  Verdict verdict = Verdict::kEven;
  bool act = false;
  std::string reason;              // one line, for people
  std::uint32_t over_trigger = 0;  // reports running; pass to the next call
  // What it rests on, as far as it could be computed.
  double system_utilization = 0;
  double imbalance = 1;
  double bound = 1;
  double standard_error = 0;  // of the imbalance

  // The lowest that the highest utilization can be, by the bound.
  double lowest_maximum() const { return system_utilization * bound; }
};

// Decides after a report. `over_trigger` is what the decision after the
// report before returned; 0 at first and after every change of table.
Decision Decide(const Policy& policy, const HostMeasurement& measurement,
                std::uint32_t over_trigger);

// Whether the planner's answer is worth carrying out; `decision` asked for it.
// Returns `decision` if it is. An evacuation and a processor without buckets
// need no gain in imbalance.
Decision Judge(const Policy& policy, Decision decision,
               const Proposal& proposal);

// Samples are not taken to be more correlated with their neighbours than this.
inline constexpr double kMaxAutocorrelation = 0.98;

// Standard error of the mean of autocorrelated samples:
// sd / sqrt(n) x sqrt((1 + r) / (1 - r)), with r the lag-1 autocorrelation
// clipped to 0..0.98. A very large number if there are fewer than two samples.
double StandardError(const SampleStatistics& samples);

// z': how many standard errors the highest of `processors` means must lie
// above, for the chance of a false alarm that z has for a single one
// (Bonferroni). z' = z for one processor; 2 gives the quantile of
// 1 - 0.0228 / P. `z_permille` is 0..6000.
double CorrectedZ(std::uint32_t z_permille, std::uint32_t processors);

}  // namespace lb::balance

#endif  // LB_BALANCE_DECISION_H_
