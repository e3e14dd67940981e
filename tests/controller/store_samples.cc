#include "tests/controller/store_samples.h"

namespace lb::controller {

WallTime At(int seconds) {
  return WallTime(std::chrono::seconds(1'767'225'600 + seconds));
}

HostRecord SampleHost(const std::string& name) {
  HostRecord host;
  host.host = name;
  host.instance_id = "instance";
  host.boot_id = "boot";
  host.software_version = "0.1.0";
  host.labels = {{"rack", "7"}, {"site", ""}};
  host.layout.buckets = 64;
  host.layout.hash = HashKind::kToeplitz;
  host.layout.key_id = "key";
  host.layout.processors = {{3, 1'000}, {5, 166}};
  host.table = DealRoundRobin(host.layout);
  host.term = Term(1);
  host.epoch = Epoch(2);
  host.connect_time = At(5);
  return host;
}

PlanRecord SamplePlan(const std::string& host) {
  PlanRecord plan;
  plan.host = host;
  plan.term = Term(1);
  plan.state = PlanState::kSent;
  plan.create_time = At(10);
  plan.author = "balancer";
  plan.reason = "imbalance 1.800 is over 1.100";
  plan.policy_revision = 3;
  const HostRecord record = SampleHost(host);
  plan.table = record.table;
  plan.base = ComputeDigest(record.table);
  plan.moves = {{.move = {BucketId(2), ProcessorId(0), ProcessorId(1)},
                 .load_ns_per_s = 77,
                 .reason = "nearest the donor's mean"},
                {.move = {BucketId(0), ProcessorId(0), ProcessorId(1)},
                 .load_ns_per_s = 1'000'000'000'000,
                 .reason = "second"}};
  plan.move_count = 2;
  for (const MoveRecord& move : plan.moves) {
    plan.table.owner[move.move.bucket.index()] = move.move.to;
  }
  plan.digest = Digest(0xfedcba9876543210);  // beyond SQL's positive integers
  plan.imbalance_before = 1.8;
  plan.imbalance_predicted = 0.1 + 0.2;  // not a short decimal
  plan.bound = 1.01;
  plan.indexes = {10.5, 53.5};
  plan.total_index = 64;
  plan.quotas = {10, 54};
  plan.inputs = {balance::PlannerKind::kIndex, 4,
                 std::string("\x01\x00\xff bytes", 9)};
  return plan;
}

Event SampleEvent(const std::string& host, EventKind kind) {
  Event event;
  event.time = At(20);
  event.host = host;
  event.kind = kind;
  event.message = "what happened";
  return event;
}

Change HostChange(const std::string& name) {
  Change change;
  change.event = SampleEvent(name, EventKind::kHostConnected);
  change.host = SampleHost(name);
  return change;
}

Change PlanChange(const std::string& host) {
  Change change;
  change.event = SampleEvent(host, EventKind::kPlanSent);
  change.host = SampleHost(host);
  change.plan = SamplePlan(host);
  return change;
}

}  // namespace lb::controller
