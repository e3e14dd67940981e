#include "sim/host_run.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace lb::sim {
namespace {

using std::chrono::nanoseconds;

// A processor that has completed nothing for so long is taken over.
constexpr std::int64_t kStallNs = kSecondNs;

}  // namespace

HostRun::HostRun(const Scenario& scenario, const balance::Policy& policy,
                 const balance::Planner* planner, Workload& workload,
                 std::uint64_t seed)
    : scenario_(scenario),
      workload_(workload),
      end_ns_(Ns(scenario.duration)),
      interval_ns_(Ns(policy.report_interval)),
      host_(scenario, workload.open(), seed),
      balancer_(host_.layout(), host_.table(), policy, planner),
      tally_(scenario.buckets) {
  result_.seconds.resize(1);
}

absl::Status HostRun::Run() {
  workload_.Start(host_.state().connections);
  // Before the reports and seconds that end at the same time.
  for (const Happening& happening : scenario_.happenings) {
    ScheduleHappening(happening);
  }
  ScheduleReport(interval_ns_);
  ScheduleSecond(kSecondNs);
  Arrival arrival = workload_.Next();
  while (status_.ok()) {
    // Events come before packets of the same time.
    const std::int64_t event_ns = std::min(events_.next_ns(), end_ns_ + 1);
    while (arrival.time_ns < event_ns) {
      host_.Arrive(arrival);
      arrival = workload_.Next();
    }
    if (event_ns > end_ns_) break;
    events_.RunNext();
  }
  host_.AdvanceTo(end_ns_);
  return status_;
}

RunResult HostRun::TakeResult() {
  const Ledger& ledger = host_.state().ledger;
  result_.latency = ledger.latency();
  result_.arrived = ledger.arrived();
  result_.dropped = ledger.dropped();
  result_.packets = ledger.counts();
  result_.queued = host_.queued();
  result_.moves = tally_.moves();
  result_.returns = tally_.returns();
  return std::move(result_);
}

void HostRun::ScheduleReport(std::int64_t time_ns) {
  events_.At(time_ns, [this, time_ns] {
    Report();
    ScheduleReport(time_ns + interval_ns_);
  });
}

void HostRun::ScheduleSecond(std::int64_t time_ns) {
  events_.At(time_ns, [this, time_ns] {
    CloseSecond();
    ScheduleSecond(time_ns + kSecondNs);
  });
}

void HostRun::ScheduleHappening(const Happening& happening) {
  if (happening.kind == HappeningKind::kFlashCrowd) return;  // the workload's
  events_.At(Ns(happening.at), [this, &happening] { Happen(happening); });
}

void HostRun::Report() {
  std::optional<LoadSample> sample = host_.Report(events_.now_ns());
  if (!sample) return;
  events_.At(events_.now_ns() + Ns(scenario_.report_delay),
             [this, sample = *std::move(sample)] { OnReport(sample); });
}

void HostRun::OnReport(const LoadSample& sample) {
  ++result_.reports;
  auto plan = balancer_.OnReport(sample, nanoseconds(events_.now_ns()));
  if (!plan.ok()) {
    status_ = plan.status();
  } else if (plan->has_value()) {
    events_.At(events_.now_ns() + Ns(scenario_.apply_delay),
               [this, plan = **std::move(plan)] { Apply(plan); });
  }
}

void HostRun::Apply(const OrderedPlan& plan) {
  if (plan.base != host_.digest() || host_.moving()) {
    SendResult();  // a takeover came in between
    return;
  }
  const std::int64_t now_ns = events_.now_ns();
  Report();
  const std::vector<Move> moves = DeriveMoves(host_.table(), plan.table);
  tally_.Add(moves, now_ns);
  const BucketId heaviest = workload_.HeaviestBucket();
  for (const Move& move : moves) {
    result_.moved_connections +=
        host_.state().connections.CountOpen(move.bucket);
    if (move.bucket == heaviest) ++result_.heaviest_moves;
  }
  if (now_ns >= Ns(scenario_.ignored))
    result_.moves_not_ignored += moves.size();
  result_.plans.push_back({.time_ms = now_ns / 1'000'000,
                           .moves = static_cast<std::uint32_t>(moves.size()),
                           .imbalance_before = plan.imbalance_before,
                           .imbalance_predicted = plan.imbalance_predicted});
  ScheduleFinish(host_.Apply(plan.table, now_ns));
}

void HostRun::ScheduleFinish(std::int64_t time_ns) {
  events_.At(time_ns, [this] {
    const std::int64_t again_ns = host_.FinishMoves(events_.now_ns());
    if (host_.moving()) {
      ScheduleFinish(again_ns);
    } else {
      SendResult();
    }
  });
}

void HostRun::SendResult() {
  events_.At(events_.now_ns() + Ns(scenario_.report_delay),
             [this, table = host_.table()] {
               balancer_.OnResult(table, nanoseconds(events_.now_ns()));
             });
}

void HostRun::CloseSecond() {
  const Host::Offered offered = host_.TakeOffered(kSecondNs);
  host_.AdvanceTo(events_.now_ns());
  const std::uint64_t dropped = host_.state().ledger.counts().dropped_total();
  result_.seconds[0].push_back(
      {.utilization = offered.utilization,
       .imbalance = offered.imbalance,
       .dropped = dropped - dropped_before_,
       .moves = static_cast<std::uint32_t>(tally_.moves() - moves_before_)});
  dropped_before_ = dropped;
  moves_before_ = tally_.moves();
}

void HostRun::Happen(const Happening& happening) {
  const std::int64_t now_ns = events_.now_ns();
  const ProcessorId processor(static_cast<std::uint16_t>(happening.processor));
  switch (happening.kind) {
    case HappeningKind::kCapacity:
      host_.SetSpeed(processor, happening.permille, now_ns);
      break;
    case HappeningKind::kDrain:
      host_.Drain(processor);
      break;
    case HappeningKind::kFail:
      host_.Fail(processor, now_ns);
      events_.At(now_ns + kStallNs, [this, processor] { TakeOver(processor); });
      break;
    case HappeningKind::kReturn:
      host_.Return(processor, now_ns);
      break;
    case HappeningKind::kFlashCrowd:
      break;
  }
}

void HostRun::TakeOver(ProcessorId processor) {
  Report();
  if (!host_.TakeOver(processor, events_.now_ns())) return;
  events_.At(events_.now_ns() + Ns(scenario_.report_delay),
             [this, table = host_.table()] {
               balancer_.OnTable(table, nanoseconds(events_.now_ns()));
             });
}

}  // namespace lb::sim
