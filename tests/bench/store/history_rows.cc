#include "tests/bench/store/history_rows.h"

#include <chrono>
#include <string>
#include <utility>

namespace lb::bench {
namespace {

using controller::AuditRecord;
using controller::BucketSample;
using controller::Change;
using controller::Event;
using controller::EventKind;
using controller::HostRecord;
using controller::MoveRecord;
using controller::PlanRecord;
using controller::ProcessorSample;

constexpr std::uint32_t kProcessors = 16;
constexpr std::uint32_t kBuckets = 1'024;
constexpr std::size_t kInputBytes = 6'144;

// SplitMix64 (Steele, Lea and Flood, 2014) of one number, below `limit`.
std::uint64_t Scatter(std::uint64_t number, std::uint64_t limit) {
  std::uint64_t z = (number + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return (z ^ (z >> 31)) % limit;
}

std::string NameOf(std::size_t host) {
  return "host-" + std::to_string(host % kHosts);
}

WallTime TimeAt(std::size_t row) {
  return WallTime(std::chrono::seconds(1'767'225'600) +
                  std::chrono::milliseconds(10 * row));
}

Layout HostLayout() {
  Layout layout;
  layout.buckets = kBuckets;
  layout.key_id = "6b1f0c";
  layout.processors.resize(kProcessors);
  return layout;
}

Event EventAt(std::size_t row, EventKind kind) {
  return {.time = TimeAt(row),
          .host = NameOf(row),
          .kind = kind,
          .message = "imbalance 1.312 is over 1.100: 16 moves to 1.021"};
}

AuditRecord AuditAt(std::size_t row) {
  AuditRecord record;
  record.time = TimeAt(row);
  record.caller = "user/alice";
  record.role = controller::Role::kOperator;
  record.method = "lb.v1.PlanService/ApplyPlan";
  record.resource = "hosts/" + NameOf(row);
  record.outcome = "OK";
  record.reason = "even it out before the evening";
  record.request_id = "request-" + std::to_string(row);
  record.before = R"({"drained":[],"pins":[],"pause":null})";
  record.after = R"({"drained":[3],"pins":[],"pause":null})";
  return record;
}

PlanRecord PlanAt(std::size_t row) {
  PlanRecord plan;
  plan.host = NameOf(row);
  plan.term = Term(1);
  plan.state = controller::PlanState::kSent;
  plan.create_time = TimeAt(row);
  plan.author = "user/alice";
  plan.verdict = "IMBALANCE";
  plan.reason = "imbalance 1.312 is over 1.100";
  plan.planner_reason = "every quota is met";
  plan.base = Digest(Scatter(row, UINT64_MAX));
  plan.digest = Digest(Scatter(row + 1, UINT64_MAX));
  plan.table = DealRoundRobin(HostLayout());
  plan.imbalance_before = 1.312;
  plan.imbalance_predicted = 1.021;
  for (std::uint32_t i = 0; i < kProcessors; ++i) {
    plan.indexes.push_back(64.0 + i / 16.0);
    plan.quotas.push_back(64);
  }
  plan.total_index = kBuckets;
  for (std::uint32_t i = 0; i < kMovesAPlan; ++i) {
    MoveRecord move;
    move.move = {BucketId(i * (kBuckets / kMovesAPlan)), ProcessorId(0),
                 ProcessorId(static_cast<ProcessorId::rep>(i % kProcessors))};
    move.load_ns_per_s = Scatter(row + i, 20'000'000);
    move.reason = "nearest the donor's mean";
    plan.moves.push_back(std::move(move));
  }
  plan.move_count = kMovesAPlan;
  plan.inputs.algorithm_version = 4;
  plan.inputs.bytes.assign(kInputBytes, static_cast<char>(row));
  return plan;
}

}  // namespace

Change HostChange(std::size_t host) {
  Change change;
  change.event = EventAt(host, EventKind::kHostConnected);
  HostRecord& record = change.host.emplace();
  record.host = NameOf(host);
  record.instance_id = "instance";
  record.boot_id = "boot";
  record.software_version = "1.0.0";
  record.layout = HostLayout();
  record.table = DealRoundRobin(record.layout);
  record.connect_time = TimeAt(host);
  return change;
}

ProcessorSample ProcessorSampleAt(std::size_t report) {
  ProcessorSample sample;
  sample.host = NameOf(report);
  sample.time = TimeAt(report);
  sample.term = Term(1);
  sample.epoch = Epoch(report / 100);
  sample.interval = std::chrono::seconds(1);
  for (std::uint32_t i = 0; i < kProcessors; ++i) {
    const std::uint64_t any = report * kProcessors + i;
    ProcessorLoad& load = sample.processors.emplace_back();
    load.busy = std::chrono::nanoseconds(Scatter(any, 1'000'000'000));
    load.samples = {100, static_cast<double>(any) / 3e9, 0.1 + i, 0.3};
    load.packets = Scatter(any + 1, 1'000'000);
    load.backlog_packets = Scatter(any + 2, 512);
  }
  return sample;
}

BucketSample BucketSampleAt(std::size_t report) {
  BucketSample sample;
  sample.host = NameOf(report);
  sample.time = TimeAt(report);
  sample.term = Term(1);
  sample.epoch = Epoch(report / 100);
  for (std::uint32_t i = 0; i < kBuckets; ++i) {
    const std::uint64_t any = report * kBuckets + i;
    sample.buckets.push_back(
        {BucketId(i), Scatter(any, 20'000'000), Scatter(any + 1, 20'000),
         static_cast<std::uint32_t>(Scatter(any + 2, 500)), false});
  }
  return sample;
}

Change PlanChangeAt(std::size_t plan) {
  Change change = AuditChangeAt(plan);
  change.event->kind = EventKind::kPlanSent;
  change.plan = PlanAt(plan);
  return change;
}

Change AuditChangeAt(std::size_t record) {
  Change change;
  change.event = EventAt(record, EventKind::kProcessorDrained);
  change.audit = AuditAt(record);
  return change;
}

}  // namespace lb::bench
