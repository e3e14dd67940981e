// What another policy would have done: replays balance::HostLoad, Decide(), the
// planner and MoveHistory over a host's recorded measurements, as BalanceLoop
// does, with a table of its own. Deterministic, no clock. Thread-compatible.
//
// Its limits, which whoever reads the result must know:
// - Bucket loads are kept every 10 s and at decisions; between two samples the
//   older one holds. What is shorter is not seen.
// - Loads are taken to be the same whatever the table: a bucket brings to its
//   processor what it was recorded with. A processor's time that belongs to no
//   bucket stays with the processor. A saturated processor's true load is only
//   known by its buckets. What the recorded plans brought and cost while it was
//   measured is in it.
// - Plans take effect with the next report, whole; none is lost or refused, no
//   limit of the fleet holds it up, and no dispatcher is a bottleneck.
// - Pins are not known; drained and stalled processors are as they were.
// - It begins like a stream does: with a warm-up, and no moves remembered.
#ifndef LB_CONTROLLER_CORE_BACKTEST_H_
#define LB_CONTROLLER_CORE_BACKTEST_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "balance/decision.h"
#include "balance/host_load.h"
#include "balance/move_history.h"
#include "balance/planner.h"
#include "balance/policy.h"
#include "common/clock.h"
#include "common/table.h"
#include "controller/core/records.h"

namespace lb::controller {

// One decision point of the history, decided anew.
struct BacktestStep {
  WallTime time;
  double imbalance_recorded = 1;
  double imbalance = 1;  // with the backtest's own table up to then
  std::string verdict{};
  std::uint32_t moves = 0;
};

// "Recorded" is what was; the rest is what would have been. Imbalances are of
// single reports.
struct BacktestResult {
  std::uint32_t samples = 0;
  std::uint32_t plans = 0;
  std::uint32_t moves = 0;
  std::uint32_t plans_recorded = 0;  // that came into force, for any reason
  std::uint32_t moves_recorded = 0;  // that were made
  double imbalance_mean = 1;
  double imbalance_max = 1;
  double imbalance_mean_recorded = 1;
  double imbalance_max_recorded = 1;
  // Share of the time with imbalance above the tried policy's trigger times
  // bound.
  double time_above_trigger = 0;
  double time_above_trigger_recorded = 0;
  // Where a plan was made, or the verdict became another one.
  std::vector<BacktestStep> steps;
};

class Backtest {
 public:
  static constexpr std::size_t kMostSteps = 1'000;

  // `policy` is valid, `planner` its planner. The host has `layout`.
  Backtest(const Layout& layout, const balance::Policy& policy,
           std::unique_ptr<const balance::Planner> planner);

  // Everything in the order of time. FAILED_PRECONDITION for what was recorded
  // under another layout, DATA_LOSS for what makes no sense.

  // The table in force on the host from here on, and the moves that led to it.
  // The first one is where the backtest begins with its own.
  absl::Status SetRecordedTable(const Table& table,
                                const std::vector<Move>& moves);
  absl::Status AddBuckets(const BucketSample& sample);
  // One report. Those before the first table and the first bucket loads are
  // passed over.
  absl::Status AddProcessors(const ProcessorSample& sample);

  BacktestResult Result() const;

 private:
  // What one report adds up to.
  struct Tally {
    double sum = 0;
    double max = 1;
    std::chrono::nanoseconds above{0};
    void Add(double imbalance, bool is_above,
             std::chrono::nanoseconds interval);
  };

  absl::Status CheckFit(const Table& table) const;
  // The report as it would have been under the backtest's own table.
  LoadSample Imagine(const ProcessorSample& sample) const;
  double Count(const LoadSample& load, const Table& table, Tally& tally) const;
  void Decide(const ProcessorSample& sample, BacktestStep step);
  // Makes a plan if one helps: how many moves; `decision` says why not.
  std::uint32_t Plan(MonotonicTime now, balance::Decision& decision);
  void Note(BacktestStep step);

  const Layout layout_;
  const balance::Policy policy_;
  const std::unique_ptr<const balance::Planner> planner_;

  std::optional<Table> recorded_;
  Table own_;
  Digest own_digest_;
  std::vector<BucketLoad> buckets_;  // of the last bucket sample
  bool has_buckets_ = false;
  // Sums of the buckets' loads by processor, under the two tables.
  std::vector<std::uint64_t> recorded_owned_;
  std::vector<std::uint64_t> own_owned_;

  std::optional<balance::HostLoad> load_;
  balance::MoveHistory history_;
  std::uint32_t over_trigger_ = 0;
  std::chrono::nanoseconds reported_{0};
  std::string last_verdict_;
  bool proposal_stands_ = false;  // in advise mode, for the one table

  BacktestResult result_;
  Tally tally_;
  Tally tally_recorded_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_BACKTEST_H_
