#include "sim/balancer.h"

#include <utility>

#include "balance/plan_request.h"
#include "common/clock.h"
#include "common/status.h"

namespace lb::sim {
namespace {

MonotonicTime At(std::chrono::nanoseconds now) { return MonotonicTime(now); }

}  // namespace

Balancer::Balancer(const Layout& layout, const Table& table,
                   const balance::Policy& policy,
                   const balance::Planner* planner)
    : policy_(policy),
      planner_(planner),
      table_(table),
      load_(layout, table, policy.half_life) {}

absl::StatusOr<std::optional<OrderedPlan>> Balancer::OnReport(
    const LoadSample& report, std::chrono::nanoseconds now) {
  if (planner_ == nullptr) return std::nullopt;
  // A report of ours that makes no sense is our bug; it says so.
  LB_RETURN_IF_ERROR(load_.AddReport(report));
  reported_ += report.end - report.start;
  balance::HostMeasurement measured = load_.Measure();
  measured.warming_up = reported_ < policy_.warm_up;
  measured.plan_in_flight = plan_in_flight_;
  decision_ = balance::Decide(policy_, measured, over_trigger_);
  over_trigger_ = decision_.over_trigger;
  if (!decision_.act) return std::nullopt;
  return Plan(now);
}

absl::StatusOr<std::optional<OrderedPlan>> Balancer::Plan(
    std::chrono::nanoseconds now) {
  balance::Snapshot snapshot = load_.MakeSnapshot();
  history_.Forget(policy_, At(now));
  history_.Mark(snapshot, policy_, At(now));
  const balance::PlanRequest request = balance::RequestFor(
      policy_, static_cast<std::uint32_t>(table_.buckets()), decision_);
  LB_ASSIGN_OR_RETURN(const balance::Proposal proposal,
                      planner_->Propose(snapshot, request));
  decision_ = balance::Judge(policy_, std::move(decision_), proposal);
  if (!decision_.act || policy_.mode == balance::Mode::kAdvise) {
    return std::nullopt;
  }
  plan_in_flight_ = true;
  return OrderedPlan{.base = ComputeDigest(table_),
                     .table = {table_.hash, table_.key_id, proposal.assignment},
                     .moves = static_cast<std::uint32_t>(proposal.moves.size()),
                     .imbalance_before = proposal.imbalance_before,
                     .imbalance_predicted = proposal.imbalance_after};
}

void Balancer::OnResult(const Table& table, std::chrono::nanoseconds now) {
  plan_in_flight_ = false;
  OnTable(table, now);
}

void Balancer::OnTable(const Table& table, std::chrono::nanoseconds now) {
  history_.Add(DeriveMoves(table_, table), At(now));
  table_ = table;
  load_.SetTable(table_);
  over_trigger_ = 0;
}

}  // namespace lb::sim
