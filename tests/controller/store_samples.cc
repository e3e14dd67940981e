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
  plan.verdict = "IMBALANCE";
  plan.reason = "imbalance 1.800 is over 1.100";
  plan.planner_reason = "every quota is met";
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

AuditRecord SampleAudit(const std::string& resource) {
  AuditRecord record;
  record.time = At(40);
  record.caller = "socket:operator";
  record.role = Role::kOperator;
  record.method = "lb.v1.ProcessorService/DrainProcessor";
  record.resource = resource;
  record.outcome = "OK";
  record.error = "none";
  record.reason = "it is \"hot\"";
  record.request_id = "id";
  record.before = R"({"drained":[]})";
  record.after = R"({"drained":[1]})";
  return record;
}

RequestRecord SampleRequest(const std::string& request_id, WallTime time) {
  RequestRecord request;
  request.caller = "user/alice";
  request.request_id = request_id;
  request.time = time;
  request.method = "lb.v1.PlanService/ProposePlan";
  request.request_hash = std::string("\x00\xff", 2) + std::string(30, 'h');
  request.subject = "hosts/a/proposals/1";
  return request;
}

Change DecisionChange(const std::string& host) {
  Change change;
  change.event = SampleEvent(host, EventKind::kNotPlanned);
  DecisionRecord& decision = change.decision.emplace();
  decision.host = host;
  decision.time = At(20);
  decision.verdict = "NOT_SIGNIFICANT";
  decision.reason = "noise";
  decision.policy_revision = 2;
  decision.measurement = std::string("\x00\x01\xfe", 3);
  decision.inputs = {balance::PlannerKind::kIndex, 4, std::string("\x00in", 3)};
  return change;
}

Change ProposalChange(const std::string& host) {
  Change change = PlanChange(host);
  change.event->kind = EventKind::kPlanProposed;
  change.plan->state = PlanState::kProposed;
  return change;
}

Change AuditChange(const std::string& resource) {
  Change change;
  change.audit = SampleAudit(resource);
  return change;
}

ProcessorSample SampleProcessors(const std::string& host, WallTime time) {
  ProcessorSample sample;
  sample.host = host;
  sample.time = time;
  sample.term = Term(3);
  sample.epoch = Epoch(4);
  sample.interval = std::chrono::seconds(1);
  sample.processors.resize(3);
  sample.processors[1].busy = std::chrono::milliseconds(700);
  return sample;
}

BucketSample SampleBuckets(const std::string& host, WallTime time) {
  BucketSample sample;
  sample.host = host;
  sample.time = time;
  sample.term = Term(3);
  sample.epoch = Epoch(4);
  sample.buckets = {{BucketId(3), 7, 1, 1, false}};
  return sample;
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
