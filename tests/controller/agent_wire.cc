#include "tests/controller/agent_wire.h"

#include "controller/rpc/convert_common.h"

namespace lb::controller {
namespace {

void FillResult(const PlanResult& result, v1::PlanResult& message) {
  message.set_term(result.term.value());
  message.set_epoch(result.epoch.value());
  message.set_state(static_cast<v1::ApplyState>(result.state));
  message.set_reason(result.reason);
  message.set_expired(result.expired);
  for (const MoveResult& moved : result.moves) {
    v1::MoveResult& move = *message.add_moves();
    FillMove(moved.move, *move.mutable_move());
    move.set_outcome(static_cast<v1::MoveOutcome>(moved.outcome));
    move.set_pause_ns(static_cast<std::uint64_t>(moved.pause.count()));
  }
  FillCounters(result.counters, *message.mutable_counters());
  message.set_digest(result.digest.value());
}

}  // namespace

v1::ConnectRequest RequestOf(const Hello& hello) {
  v1::ConnectRequest request;
  v1::Hello& message = *request.mutable_hello();
  message.set_host(hello.host);
  message.set_instance_id(hello.instance_id);
  message.set_boot_id(hello.boot_id);
  message.set_software_version(hello.software_version);
  message.set_protocol_revision(hello.protocol_revision);
  message.mutable_features()->Add(hello.features.begin(), hello.features.end());
  message.mutable_labels()->insert(hello.labels.begin(), hello.labels.end());
  FillLayout(hello.layout, *message.mutable_layout());
  FillTable(hello.table, hello.digest, *message.mutable_table());
  message.set_seen_term(hello.seen_term.value());
  message.set_seen_epoch(hello.seen_epoch.value());
  message.set_store_id(hello.store_id);
  message.set_applying_epoch(hello.applying_epoch.value());
  if (hello.last_result) {
    FillResult(*hello.last_result, *message.mutable_last_result());
  }
  return request;
}

v1::ConnectRequest RequestOf(const Report& report) {
  v1::ConnectRequest request;
  v1::Report& message = *request.mutable_report();
  message.set_sequence(report.sequence);
  message.set_start_ns(static_cast<std::uint64_t>(report.load.start.count()));
  message.set_end_ns(static_cast<std::uint64_t>(report.load.end.count()));
  message.set_term(report.term.value());
  message.set_epoch(report.epoch.value());
  message.set_digest_start(report.load.table_start.value());
  message.set_digest_end(report.load.table_end.value());
  message.set_policy_revision(report.policy_revision);
  message.set_merged(report.merged);
  for (const ProcessorLoad& load : report.load.processors) {
    v1::ProcessorLoad& processor = *message.add_processors();
    processor.set_busy_ns(static_cast<std::uint64_t>(load.busy.count()));
    processor.set_capacity_permille(load.capacity_permille);
    processor.set_sample_count(load.samples.count);
    processor.set_sample_mean(load.samples.mean);
    processor.set_sample_standard_deviation(load.samples.standard_deviation);
    processor.set_sample_lag1_autocorrelation(
        load.samples.lag1_autocorrelation);
    processor.set_in_service(load.in_service);
    processor.set_stalled(load.stalled);
    processor.set_packets(load.packets);
    processor.set_backlog_packets(load.backlog_packets);
  }
  v1::BucketLoads& buckets = *message.mutable_buckets();
  for (const BucketLoad& load : report.load.buckets) {
    buckets.add_bucket(load.bucket.value());
    buckets.add_load_ns_per_s(load.load_ns_per_s);
    buckets.add_packets(load.packets);
    buckets.add_connections(load.connections);
    if (load.lower_bound) buckets.add_lower_bound(load.bucket.value());
  }
  for (const DispatcherLoad& load : report.load.dispatchers) {
    v1::DispatcherLoad& dispatcher = *message.add_dispatchers();
    dispatcher.set_busy_ns(static_cast<std::uint64_t>(load.busy.count()));
    dispatcher.set_packets(load.packets);
  }
  FillCounters(report.load.counters, *message.mutable_counters());
  return request;
}

v1::ConnectRequest RequestOf(const PlanResult& result) {
  v1::ConnectRequest request;
  FillResult(result, *request.mutable_plan_result());
  return request;
}

v1::ConnectRequest RequestOf(const TableChanged& changed) {
  v1::ConnectRequest request;
  FillTable(changed.table, changed.digest,
            *request.mutable_table_changed()->mutable_table());
  request.mutable_table_changed()->set_reason(changed.reason);
  return request;
}

PlanCommand CommandFrom(const v1::PlanCommand& message) {
  PlanCommand command;
  command.plan.host = message.host();
  command.plan.store_id = message.store_id();
  command.plan.term = Term(message.term());
  command.plan.epoch = Epoch(message.epoch());
  command.plan.base = Digest(message.base());
  command.plan.table = TableFrom(message.table()).value();
  command.deadline = std::chrono::milliseconds(message.deadline_ms());
  command.policy_revision = message.policy_revision();
  return command;
}

}  // namespace lb::controller
