// The part of the plan book that measures what plans achieved.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/core/host_intents.h"
#include "controller/core/plan_book.h"
#include "controller/core/plan_outcome.h"
#include "controller/core/usage.h"

namespace lb::controller {
namespace {

std::vector<MeasuredMove> MovesMade(const PlanRecord& plan,
                                    const Table& table) {
  std::vector<MeasuredMove> made;
  for (const MoveRecord& one : plan.moves) {
    const std::size_t bucket = one.move.bucket.index();
    if (bucket < table.buckets() && table.owner[bucket] == one.move.to) {
      made.push_back({.move = one.move});
    }
  }
  return made;
}

void AddLoads(const LoadSample& load, std::size_t buckets,
              std::vector<MeasuredMove>& moves) {
  std::vector<std::uint64_t> ns_per_s(buckets, 0);
  for (const BucketLoad& one : load.buckets) {
    if (one.bucket.index() < buckets) {
      ns_per_s[one.bucket.index()] += one.load_ns_per_s;
    }
  }
  const auto elapsed =
      static_cast<std::uint64_t>((load.end - load.start).count());
  for (MeasuredMove& one : moves) {
    one.load_time += Uint128{ns_per_s[one.move.bucket.index()]} * elapsed;
  }
}

void Add(const LoadSample& load, std::size_t buckets, Measuring& measuring) {
  for (std::size_t i = 0; i < load.processors.size(); ++i) {
    ProcessorLoad& sum = measuring.processors[i];
    sum.busy += load.processors[i].busy;
    sum.capacity_permille = load.processors[i].capacity_permille;
    sum.in_service = load.processors[i].in_service;
  }
  AddLoads(load, buckets, measuring.moves);
  const auto elapsed = load.end - load.start;
  measuring.interval += elapsed;
  if (elapsed >= balance::HostLoad::kShortestReport) ++measuring.reports;
}

bool IsEnough(const Measuring& measuring) {
  return measuring.reports >= balance::HostLoad::kEnoughReports;
}

// What was measured, had the buckets stayed where they were before the plan.
std::vector<balance::ProcessorUsage> UsageWithout(
    const Measuring& measuring, std::vector<balance::ProcessorUsage> usage) {
  const auto interval = static_cast<std::uint64_t>(measuring.interval.count());
  for (const MeasuredMove& one : measuring.moves) {
    // The host may have come back with fewer processors, and the same table.
    if (std::max(one.move.from.index(), one.move.to.index()) >= usage.size()) {
      continue;
    }
    balance::ProcessorUsage& from = usage[one.move.from.index()];
    balance::ProcessorUsage& to = usage[one.move.to.index()];
    const std::uint64_t load = std::min(
        static_cast<std::uint64_t>(one.load_time / interval), to.busy_ns_per_s);
    to.busy_ns_per_s -= load;
    --to.buckets;
    from.busy_ns_per_s += load;
    ++from.buckets;
  }
  return usage;
}

}  // namespace

void PlanBook::StartMeasuring(Host& host, const PlanRecord& plan) {
  // Another plan's table would be measured.
  if (host.record.epoch != plan.epoch) return;
  const bool balancing =
      plan.author == kBalancer &&
      plan.verdict == balance::VerdictName(balance::Verdict::kImbalance);
  host.measuring = {.plan_id = plan.id,
                    .epoch = plan.epoch,
                    .table = host.digest,
                    .before = plan.imbalance_before,
                    .predicted = plan.imbalance_predicted,
                    .balancing = balancing,
                    .moves = MovesMade(plan, host.record.table)};
}

void PlanBook::OnReport(Host& host, const LoadSample& load) {
  if (!host.measuring || !OfCurrentTable(host, load)) return;
  Measuring& measuring = *host.measuring;
  if (measuring.processors.size() != load.processors.size()) {
    measuring.processors.assign(load.processors.size(), {});
    for (MeasuredMove& one : measuring.moves) one.load_time = 0;
    measuring.reports = 0;
    measuring.interval = {};
  }
  if (!IsEnough(measuring)) {
    Add(load, host.record.table.buckets(), measuring);
  }
  if (!IsEnough(measuring) || measuring.commit_under_way) return;
  LoadSample merged;
  merged.end = measuring.interval;
  merged.processors = measuring.processors;
  MarkDrained(host.record.intent, merged.processors);
  CommitMeasured(host, UsageOf(merged, host.record.table));
}

void PlanBook::CommitMeasured(
    Host& host, const std::vector<balance::ProcessorUsage>& usage) {
  Measuring& measuring = *host.measuring;
  measuring.commit_under_way = true;
  const double achieved = balance::Imbalance(usage);
  const double without = balance::Imbalance(UsageWithout(measuring, usage));
  std::vector<double> utilization;
  utilization.reserve(usage.size());
  for (const balance::ProcessorUsage& processor : usage) {
    utilization.push_back(balance::Utilization(processor));
  }
  PlanRecord named;
  named.host = host.name();
  named.epoch = measuring.epoch;
  Change change;
  change.event =
      PlanEvent(named, PlanState::kMeasured,
                absl::StrFormat(
                    "imbalance %.3f before, %.3f predicted, %.3f achieved, "
                    "%.3f had no bucket moved",
                    measuring.before, measuring.predicted, achieved, without));
  change.update = {.id = measuring.plan_id,
                   .state = PlanState::kMeasured,
                   .imbalance_achieved = achieved,
                   .utilization_achieved = std::move(utilization)};
  journal_.Commit(std::move(change),
                  [this, &host, id = measuring.plan_id, without,
                   achieved](const absl::StatusOr<Committed>& committed) {
                    OnMeasured(host, id, without, achieved, committed.ok());
                  });
}

void PlanBook::OnMeasured(Host& host, std::uint64_t plan_id, double without,
                          double achieved, bool durable) {
  if (!host.measuring || host.measuring->plan_id != plan_id) return;
  Measuring& measuring = *host.measuring;
  measuring.commit_under_way = false;
  if (!durable) return;  // the next report tries again
  if (measuring.balancing) {
    brake_.NoteMeasured(host.name(), without, achieved, clock_.Monotonic());
  }
  host.measuring.reset();
}

}  // namespace lb::controller
