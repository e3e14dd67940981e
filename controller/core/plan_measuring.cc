// The part of the plan book that measures what plans achieved.
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/core/host_intents.h"
#include "controller/core/plan_book.h"
#include "controller/core/plan_outcome.h"
#include "controller/core/usage.h"

namespace lb::controller {

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
                    .balancing = balancing};
}

void PlanBook::OnReport(Host& host, const LoadSample& load) {
  if (!host.measuring || !OfCurrentTable(host, load)) return;
  Measuring& measuring = *host.measuring;
  if (measuring.processors.size() != load.processors.size()) {
    measuring.processors.assign(load.processors.size(), {});
    measuring.reports = 0;
    measuring.interval = {};
  }
  for (std::size_t i = 0; i < load.processors.size(); ++i) {
    ProcessorLoad& sum = measuring.processors[i];
    sum.busy += load.processors[i].busy;
    sum.capacity_permille = load.processors[i].capacity_permille;
    sum.in_service = load.processors[i].in_service;
  }
  const auto elapsed = load.end - load.start;
  measuring.interval += elapsed;
  if (elapsed >= balance::HostLoad::kShortestReport) ++measuring.reports;
  if (measuring.reports < balance::HostLoad::kEnoughReports ||
      measuring.commit_under_way) {
    return;
  }
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
  std::vector<double> utilization;
  utilization.reserve(usage.size());
  for (const balance::ProcessorUsage& processor : usage) {
    utilization.push_back(balance::Utilization(processor));
  }
  PlanRecord named;
  named.host = host.name();
  named.epoch = measuring.epoch;
  Change change;
  change.event = PlanEvent(
      named, PlanState::kMeasured,
      absl::StrFormat("imbalance %.3f before, %.3f predicted, %.3f achieved",
                      measuring.before, measuring.predicted, achieved));
  change.update = {.id = measuring.plan_id,
                   .state = PlanState::kMeasured,
                   .imbalance_achieved = achieved,
                   .utilization_achieved = std::move(utilization)};
  journal_.Commit(std::move(change),
                  [this, &host, id = measuring.plan_id,
                   achieved](const absl::StatusOr<Committed>& committed) {
                    OnMeasured(host, id, achieved, committed.ok());
                  });
}

void PlanBook::OnMeasured(Host& host, std::uint64_t plan_id, double achieved,
                          bool durable) {
  if (!host.measuring || host.measuring->plan_id != plan_id) return;
  Measuring& measuring = *host.measuring;
  measuring.commit_under_way = false;
  // Otherwise with the next report, which only makes the measurement longer.
  if (!durable) return;
  if (measuring.balancing) {
    brake_.NoteMeasured(host.name(), measuring.before, achieved,
                        clock_.Monotonic());
  }
  host.measuring.reset();
}

}  // namespace lb::controller
