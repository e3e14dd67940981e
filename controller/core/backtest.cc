#include "controller/core/backtest.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "balance/imbalance_index.h"
#include "balance/plan_request.h"
#include "balance/thresholds.h"
#include "common/format_number.h"
#include "common/int128.h"
#include "common/status.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
// From this part of its capacity on a processor shows less than it is offered.
constexpr std::int64_t kSaturatedPermille = 950;

absl::Status OtherLayout(const std::string& what) {
  return absl::FailedPreconditionError(absl::StrCat(
      what,
      ": the history is of another layout than the host's present one; "
      "choose a later start"));
}

std::vector<std::uint64_t> OwnedLoads(const Table& table,
                                      const std::vector<BucketLoad>& buckets,
                                      std::size_t processors) {
  std::vector<std::uint64_t> owned(processors, 0);
  for (const BucketLoad& bucket : buckets) {
    owned[table.owner[bucket.bucket.index()].index()] += bucket.load_ns_per_s;
  }
  return owned;
}

// Busy time over `interval` of a load.
Int128 TimeOf(std::uint64_t load_ns_per_s, nanoseconds interval) {
  return Int128{load_ns_per_s} * interval.count() / kNsPerSecond;
}

// What the processor would have been busy for with the buckets of `own` load
// instead of those of `recorded` load.
nanoseconds BusyWith(const ProcessorLoad& processor, nanoseconds interval,
                     std::uint64_t recorded, std::uint64_t own) {
  if (own == recorded) return processor.busy;
  const std::int64_t capacity =
      interval.count() / 1'000 * processor.capacity_permille;
  Int128 busy = processor.busy.count();
  if (processor.busy.count() >= capacity / 1'000 * kSaturatedPermille) {
    busy = std::max(busy, TimeOf(recorded, interval));
  }
  busy += TimeOf(own, interval) - TimeOf(recorded, interval);
  const Int128 most = std::max(capacity, processor.busy.count());
  return nanoseconds(
      static_cast<std::int64_t>(std::clamp(busy, Int128{0}, most)));
}

}  // namespace

Backtest::Backtest(const Layout& layout, const balance::Policy& policy,
                   std::unique_ptr<const balance::Planner> planner)
    : layout_(layout), policy_(policy), planner_(std::move(planner)) {}

absl::Status Backtest::CheckFit(const Table& table) const {
  if (table.buckets() != layout_.buckets) {
    return OtherLayout(
        absl::StrCat("a recorded table has ", table.buckets(), " buckets"));
  }
  for (const ProcessorId owner : table.owner) {
    if (owner.index() < layout_.processors.size()) continue;
    return OtherLayout(
        absl::StrCat("a recorded table names processor ", owner.value()));
  }
  return absl::OkStatus();
}

absl::Status Backtest::SetRecordedTable(const Table& table,
                                        const std::vector<Move>& moves) {
  LB_RETURN_IF_ERROR(CheckFit(table));
  if (recorded_) {
    ++result_.plans_recorded;
    result_.moves_recorded += static_cast<std::uint32_t>(moves.size());
  } else {
    own_ = table;
    own_digest_ = ComputeDigest(own_);
    own_owned_ = OwnedLoads(own_, buckets_, layout_.processors.size());
    load_.emplace(layout_, own_, policy_.half_life);
  }
  recorded_ = table;
  recorded_owned_ = OwnedLoads(table, buckets_, layout_.processors.size());
  return absl::OkStatus();
}

absl::Status Backtest::AddBuckets(const BucketSample& sample) {
  for (const BucketLoad& bucket : sample.buckets) {
    if (bucket.bucket.index() < layout_.buckets) continue;
    return OtherLayout(absl::StrCat("a load of bucket ", bucket.bucket.value(),
                                    " at ", FormatWallTime(sample.time)));
  }
  buckets_ = sample.buckets;
  has_buckets_ = true;
  if (recorded_) {
    const std::size_t processors = layout_.processors.size();
    recorded_owned_ = OwnedLoads(*recorded_, buckets_, processors);
    own_owned_ = OwnedLoads(own_, buckets_, processors);
  }
  return absl::OkStatus();
}

LoadSample Backtest::Imagine(const ProcessorSample& sample) const {
  LoadSample load;
  load.end = sample.interval;
  load.table_start = load.table_end = own_digest_;
  load.processors = sample.processors;
  load.buckets = buckets_;
  for (std::size_t i = 0; i < load.processors.size(); ++i) {
    ProcessorLoad& processor = load.processors[i];
    const nanoseconds busy =
        BusyWith(processor, sample.interval, recorded_owned_[i], own_owned_[i]);
    const auto change = static_cast<double>((busy - processor.busy).count());
    processor.samples.mean = std::max(
        0.0, processor.samples.mean +
                 change / static_cast<double>(sample.interval.count()));
    processor.busy = busy;
  }
  return load;
}

void Backtest::Tally::Add(double imbalance, bool is_above,
                          nanoseconds interval) {
  sum += imbalance;
  max = std::max(max, imbalance);
  if (is_above) above += interval;
}

double Backtest::Count(const LoadSample& load, const Table& table,
                       Tally& tally) const {
  const auto usage = UsageOf(load, table);
  const double imbalance = balance::Imbalance(usage);
  const double bound = balance::Bound(usage, HeaviestLoad(load.buckets));
  const double trigger =
      balance::ThresholdsAt(policy_, balance::SystemUtilization(usage) * bound)
          .trigger_permille /
      1e3 * bound;
  tally.Add(imbalance, imbalance > trigger, load.end - load.start);
  return imbalance;
}

absl::Status Backtest::AddProcessors(const ProcessorSample& sample) {
  if (!recorded_ || !has_buckets_) return absl::OkStatus();
  const std::string when = FormatWallTime(sample.time);
  if (sample.processors.size() != layout_.processors.size()) {
    return OtherLayout(
        absl::StrCat("the report of ", when, " is of ",
                     FormatNumber(sample.processors.size(), "processor")));
  }
  if (sample.interval.count() <= 0) {
    return absl::DataLossError(
        absl::StrCat("the report of ", when, " covers no time"));
  }
  const LoadSample imagined = Imagine(sample);
  if (const absl::Status sound = load_->AddReport(imagined); !sound.ok()) {
    return absl::DataLossError(
        absl::StrCat("the report of ", when, ": ", OneLine(sound)));
  }
  LoadSample recorded;
  recorded.end = sample.interval;
  recorded.processors = sample.processors;
  recorded.buckets = buckets_;
  BacktestStep step;
  step.time = sample.time;
  step.imbalance_recorded = Count(recorded, *recorded_, tally_recorded_);
  step.imbalance = Count(imagined, own_, tally_);
  ++result_.samples;
  reported_ += sample.interval;
  Decide(sample, std::move(step));
  return absl::OkStatus();
}

void Backtest::Decide(const ProcessorSample& sample, BacktestStep step) {
  balance::HostMeasurement measured = load_->Measure();
  measured.warming_up = reported_ < policy_.warm_up;
  balance::Decision decision =
      balance::Decide(policy_, measured, over_trigger_);
  over_trigger_ = decision.over_trigger;
  step.verdict = balance::VerdictName(decision.verdict);
  if (decision.act && proposal_stands_) {
    step.verdict = "PROPOSAL_STANDS";
  } else if (decision.act) {
    // Only differences of these times count.
    const MonotonicTime now(sample.time.time_since_epoch());
    step.moves = Plan(now, decision);
    step.verdict = balance::VerdictName(decision.verdict);
  }
  // What is over the trigger only once is decided by the next report.
  if (step.moves > 0 || (step.verdict != last_verdict_ &&
                         decision.verdict != balance::Verdict::kOnce)) {
    last_verdict_ = step.verdict;
    Note(std::move(step));
  }
}

std::uint32_t Backtest::Plan(MonotonicTime now, balance::Decision& decision) {
  balance::Snapshot snapshot = load_->MakeSnapshot();
  history_.Forget(policy_, now);
  history_.Mark(snapshot, policy_, now);
  const auto proposal = planner_->Propose(
      snapshot, balance::RequestFor(policy_, layout_.buckets, decision));
  if (!proposal.ok()) {
    // The loads are sound, so a processor in service is what is missing.
    decision.verdict = balance::Verdict::kNoBetterTable;
    decision.act = false;
    return 0;
  }
  decision = balance::Judge(policy_, std::move(decision), *proposal);
  if (!decision.act) return 0;
  const auto count = static_cast<std::uint32_t>(proposal->moves.size());
  ++result_.plans;
  result_.moves += count;
  if (policy_.mode == balance::Mode::kAdvise) {
    proposal_stands_ = true;
    return count;
  }
  std::vector<Move> moves;
  for (const balance::PlannedMove& planned : proposal->moves) {
    moves.push_back(planned.move);
  }
  history_.Add(moves, now);
  own_.owner = proposal->assignment;
  own_digest_ = ComputeDigest(own_);
  own_owned_ = OwnedLoads(own_, buckets_, layout_.processors.size());
  load_->SetTable(own_);
  over_trigger_ = 0;
  return count;
}

void Backtest::Note(BacktestStep step) {
  if (result_.steps.size() < kMostSteps) {
    result_.steps.push_back(std::move(step));
  }
}

BacktestResult Backtest::Result() const {
  BacktestResult result = result_;
  if (result.samples == 0) return result;
  const auto share = [&](nanoseconds above) {
    return static_cast<double>(above.count()) /
           static_cast<double>(reported_.count());
  };
  result.imbalance_mean = tally_.sum / result.samples;
  result.imbalance_max = tally_.max;
  result.time_above_trigger = share(tally_.above);
  result.imbalance_mean_recorded = tally_recorded_.sum / result.samples;
  result.imbalance_max_recorded = tally_recorded_.max;
  result.time_above_trigger_recorded = share(tally_recorded_.above);
  return result;
}

}  // namespace lb::controller
