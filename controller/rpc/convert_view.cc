#include "controller/rpc/convert_view.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_policy.h"

namespace lb::controller {
namespace {

// The numbers of these enumerations are the same.
static_assert(static_cast<int>(PlanState::kProposed) ==
              v1::PLAN_STATE_PROPOSED);
static_assert(static_cast<int>(PlanState::kMeasured) ==
              v1::PLAN_STATE_MEASURED);
static_assert(static_cast<int>(PlanState::kUnknown) == v1::PLAN_STATE_UNKNOWN);
static_assert(static_cast<int>(HostState::kDisconnected) ==
              v1::HOST_STATE_DISCONNECTED);
static_assert(static_cast<int>(MoveOutcome::kMoved) == v1::MOVE_OUTCOME_MOVED);
static_assert(static_cast<int>(MoveOutcome::kNotMoved) ==
              v1::MOVE_OUTCOME_NOT_MOVED);

void FillProcessor(std::uint32_t id, const ProcessorView& view,
                   v1::Processor& message) {
  message.set_id(id);
  message.set_cpu(view.cpu);
  message.set_capacity_permille(view.capacity_permille);
  message.set_utilization(view.utilization);
  message.set_buckets(view.buckets);
  message.set_index(view.index);
  message.set_quota(view.quota);
  message.set_in_service(view.in_service);
  message.set_stalled(view.stalled);
  message.set_drained(view.drained);
  message.set_packets_per_s(view.packets_per_s);
  message.set_backlog_packets(view.backlog_packets);
}

void FillBuckets(const HostView& view, v1::BucketLoads& message) {
  for (std::uint32_t b = 0; b < view.bucket_loads.size(); ++b) {
    if (view.bucket_loads[b] == 0 && view.bucket_connections[b] == 0) continue;
    message.add_bucket(b);
    message.add_load_ns_per_s(view.bucket_loads[b]);
    message.add_connections(view.bucket_connections[b]);
  }
}

void FillPlannedMove(const MoveRecord& move, v1::PlannedMove& message) {
  FillMove(move.move, *message.mutable_move());
  message.set_load_ns_per_s(move.load_ns_per_s);
  message.set_reason(move.reason);
  if (move.outcome) {
    message.set_outcome(static_cast<v1::MoveOutcome>(*move.outcome));
  }
  message.set_pause_ns(static_cast<std::uint64_t>(move.pause.count()));
}

}  // namespace

std::string PauseText(const Pause& pause) {
  return absl::StrCat(pause.advise ? "only advised" : "paused", " since ",
                      FormatWallTime(pause.since), " by ", pause.author,
                      pause.reason.empty() ? "" : ": ", pause.reason);
}

void FillHost(const HostView& view, Detail detail, v1::Host& message) {
  const HostRecord& record = view.record;
  message.set_name(absl::StrCat("hosts/", record.host));
  message.set_state(static_cast<v1::HostState>(view.state));
  message.set_reason(view.reason);
  message.set_software_version(record.software_version);
  message.set_instance_id(record.instance_id);
  *message.mutable_connect_time() = TimestampOf(record.connect_time);
  if (view.report_time) {
    *message.mutable_report_time() = TimestampOf(*view.report_time);
  }
  message.mutable_labels()->insert(record.labels.begin(), record.labels.end());
  FillLayout(record.layout, *message.mutable_layout());
  message.set_digest(view.digest.value());
  message.set_term(record.term.value());
  message.set_epoch(record.epoch.value());
  FillNamedPolicy(
      {.name = record.policy ? absl::StrCat("hosts/", record.host, "/policy")
                             : "policies/default",
       .record = view.policy},
      *message.mutable_policy());
  message.set_system_utilization(view.system_utilization);
  message.set_imbalance(view.imbalance);
  message.set_bound(view.bound);
  message.set_total_index(view.total_index);
  for (std::size_t i = 0; i < view.processors.size(); ++i) {
    FillProcessor(static_cast<std::uint32_t>(i), view.processors[i],
                  *message.add_processors());
  }
  for (const Pin& pin : record.intent.pins) {
    v1::Pin& added = *message.add_pins();
    added.set_bucket(pin.bucket.value());
    added.set_processor(pin.processor.value());
  }
  message.set_mode(static_cast<v1::Mode>(view.mode));
  if (view.pause) {
    message.set_paused(
        absl::StrCat(view.fleet_paused ? "the whole fleet is " : "",
                     PauseText(*view.pause)));
  }
  FillCounters(view.counters, *message.mutable_counters());
  message.set_plan_count(record.plan_count);
  message.set_move_count(record.move_count);
  if (detail == Detail::kListed) return;
  FillTable(record.table, view.digest, *message.mutable_table());
  FillBuckets(view, *message.mutable_buckets());
}

void FillPlan(const PlanRecord& plan, Detail detail, v1::Plan& message) {
  message.set_name(PlanName(plan));
  message.set_host(plan.host);
  message.set_term(plan.term.value());
  message.set_epoch(plan.epoch.value());
  message.set_state(static_cast<v1::PlanState>(plan.state));
  *message.mutable_create_time() = TimestampOf(plan.create_time);
  if (plan.result_time) {
    *message.mutable_result_time() = TimestampOf(*plan.result_time);
  }
  message.set_author(plan.author);
  message.set_reason(plan.reason);
  message.set_planner(
      absl::StrCat(ToAbsl(balance::PlannerKindName(plan.inputs.planner)), "/",
                   plan.inputs.algorithm_version));
  message.set_policy_revision(plan.policy_revision);
  message.set_base(plan.base.value());
  message.set_digest(plan.digest.value());
  message.set_imbalance_before(plan.imbalance_before);
  message.set_imbalance_predicted(plan.imbalance_predicted);
  if (plan.imbalance_achieved) {
    message.set_imbalance_achieved(*plan.imbalance_achieved);
  }
  message.set_bound(plan.bound);
  message.mutable_indexes()->Add(plan.indexes.begin(), plan.indexes.end());
  message.set_total_index(plan.total_index);
  message.mutable_quotas()->Add(plan.quotas.begin(), plan.quotas.end());
  message.set_move_count(plan.move_count);
  if (plan.cost) FillCounters(*plan.cost, *message.mutable_cost());
  message.set_max_pause_ns(static_cast<std::uint64_t>(plan.max_pause.count()));
  message.set_rejection(plan.rejection);
  if (detail == Detail::kListed) return;
  for (const MoveRecord& move : plan.moves) {
    FillPlannedMove(move, *message.add_moves());
  }
}

void FillEvent(const Event& event, v1::Event& message) {
  message.set_revision(event.revision);
  *message.mutable_time() = TimestampOf(event.time);
  message.set_host(event.host);
  message.set_kind(std::string(EventKindName(event.kind)));
  message.set_message(event.message);
}

}  // namespace lb::controller
