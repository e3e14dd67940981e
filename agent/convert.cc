#include "agent/convert.h"

#include <cstdint>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/flow_key.h"
#include "common/status.h"

namespace lb::agent {
namespace {

std::uint64_t Ns(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(duration.count());
}

// Enumerators of HashKind, MoveOutcome, ApplyState and AgentEventKind have
// lb.v1's numbers.
static_assert(static_cast<int>(HashKind::kSipHash) == v1::HASH_KIND_SIPHASH);
static_assert(static_cast<int>(HashKind::kToeplitz) == v1::HASH_KIND_TOEPLITZ);
static_assert(static_cast<int>(MoveOutcome::kMoved) == v1::MOVE_OUTCOME_MOVED);
static_assert(static_cast<int>(MoveOutcome::kTakenOver) ==
              v1::MOVE_OUTCOME_TAKEN_OVER);
static_assert(static_cast<int>(MoveOutcome::kNotMoved) ==
              v1::MOVE_OUTCOME_NOT_MOVED);
static_assert(static_cast<int>(ApplyState::kApplied) ==
              v1::APPLY_STATE_APPLIED);
static_assert(static_cast<int>(ApplyState::kPartial) ==
              v1::APPLY_STATE_PARTIAL);
static_assert(static_cast<int>(ApplyState::kRejected) ==
              v1::APPLY_STATE_REJECTED);
static_assert(static_cast<int>(AgentEventKind::kStall) ==
              v1::AGENT_EVENT_KIND_STALL);
static_assert(static_cast<int>(AgentEventKind::kInputBound) ==
              v1::AGENT_EVENT_KIND_INPUT_BOUND);
static_assert(static_cast<int>(AgentEventKind::kNewKey) ==
              v1::AGENT_EVENT_KIND_NEW_KEY);

void Fill(const Table& table, v1::Table* out) {
  out->set_hash(static_cast<v1::HashKind>(table.hash));
  out->set_key_id(table.key_id);
  out->mutable_owner()->Reserve(static_cast<int>(table.owner.size()));
  for (ProcessorId owner : table.owner) out->add_owner(owner.value());
  out->set_digest(ComputeDigest(table).value());
}

void Fill(const Layout& layout, v1::Layout* out) {
  out->set_buckets(layout.buckets);
  out->set_hash(static_cast<v1::HashKind>(layout.hash));
  out->set_key_id(layout.key_id);
  for (const ProcessorLayout& processor : layout.processors) {
    v1::ProcessorLayout* p = out->add_processors();
    p->set_cpu(processor.cpu);
    p->set_capacity_permille(processor.capacity_permille);
  }
}

void Fill(const Counters& counters, v1::Counters* out) {
  out->set_arrived(counters.arrived);
  out->set_served(counters.served);
  out->set_bytes(counters.bytes);
  out->set_queued(counters.queued);
  v1::Drops* drops = out->mutable_dropped();
  drops->set_ring_full(counters.drop(DropReason::kRingFull));
  drops->set_queue_full(counters.drop(DropReason::kQueueFull));
  drops->set_hold_full(counters.drop(DropReason::kHoldFull));
  drops->set_connection_limit(counters.drop(DropReason::kConnectionLimit));
  drops->set_pool(counters.drop(DropReason::kPool));
  drops->set_takeover(counters.drop(DropReason::kTakeover));
  drops->set_source(counters.drop(DropReason::kSource));
  out->set_lost(counters.lost);
  out->set_reordered(counters.reordered);
  out->set_duplicated(counters.duplicated);
  out->set_sent(counters.sent);
  v1::Unsent* unsent = out->mutable_unsent();
  unsent->set_output_full(counters.not_sent(UnsentReason::kOutputFull));
  unsent->set_cut(counters.not_sent(UnsentReason::kCut));
  unsent->set_takeover(counters.not_sent(UnsentReason::kTakeover));
  unsent->set_sink(counters.not_sent(UnsentReason::kSink));
}

void Fill(const PlanResult& result, v1::PlanResult* out) {
  out->set_term(result.term.value());
  out->set_epoch(result.epoch.value());
  out->set_state(static_cast<v1::ApplyState>(result.state));
  out->set_expired(result.expired);
  out->set_reason(result.reason);
  for (const MoveResult& move : result.applied.moves) {
    v1::MoveResult* m = out->add_moves();
    m->mutable_move()->set_bucket(move.move.bucket.value());
    m->mutable_move()->set_from(move.move.from.value());
    m->mutable_move()->set_to(move.move.to.value());
    m->set_outcome(static_cast<v1::MoveOutcome>(move.outcome));
    m->set_pause_ns(Ns(move.pause));
  }
  Fill(result.applied.counters, out->mutable_counters());
  out->set_digest(result.applied.table.value());
}

void Fill(const ProcessorLoad& load, v1::ProcessorLoad* out) {
  out->set_busy_ns(Ns(load.busy));
  out->set_capacity_permille(load.capacity_permille);
  out->set_sample_count(load.samples.count);
  out->set_sample_mean(load.samples.mean);
  out->set_sample_standard_deviation(load.samples.standard_deviation);
  out->set_sample_lag1_autocorrelation(load.samples.lag1_autocorrelation);
  out->set_in_service(load.in_service);
  out->set_stalled(load.stalled);
  out->set_packets(load.packets);
  out->set_backlog_packets(load.backlog_packets);
}

void Fill(const std::vector<BucketLoad>& loads, v1::BucketLoads* out) {
  for (const BucketLoad& load : loads) {
    out->add_bucket(load.bucket.value());
    out->add_load_ns_per_s(load.load_ns_per_s);
    out->add_packets(load.packets);
    out->add_connections(load.connections);
    if (load.lower_bound) out->add_lower_bound(load.bucket.value());
  }
}

void Fill(const FlowInfo& flow, v1::Flow* out) {
  v1::FlowKey* key = out->mutable_key();
  key->set_protocol(flow.key.protocol);
  if (flow.key.version != IpVersion::kNone) {
    key->set_source_address(FormatAddress(flow.key.source, flow.key.version));
    key->set_destination_address(
        FormatAddress(flow.key.destination, flow.key.version));
  }
  key->set_source_port(flow.key.source_port);
  key->set_destination_port(flow.key.destination_port);
  out->set_packets(flow.packets);
  out->set_bytes(flow.bytes);
  out->set_service_ns(Ns(flow.service));
  out->set_queued_packets(flow.queued_packets);
  out->set_idle_ns(Ns(flow.idle));
}

absl::StatusOr<FlowKey> ReadKey(const v1::FlowKey& key) {
  if (key.protocol() > 255 || key.source_port() > 65'535 ||
      key.destination_port() > 65'535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no connection has protocol ", key.protocol(), " and ports ",
        key.source_port(), " and ", key.destination_port()));
  }
  LB_ASSIGN_OR_RETURN(const ParsedAddress source,
                      ParseAddress(key.source_address()));
  LB_ASSIGN_OR_RETURN(const ParsedAddress destination,
                      ParseAddress(key.destination_address()));
  if (source.version != destination.version) {
    return absl::InvalidArgumentError(
        absl::StrCat("no connection is between ", key.source_address(), " and ",
                     key.destination_address()));
  }
  return FlowKey{source.address,
                 destination.address,
                 static_cast<std::uint16_t>(key.source_port()),
                 static_cast<std::uint16_t>(key.destination_port()),
                 static_cast<std::uint8_t>(key.protocol()),
                 source.version};
}

absl::StatusOr<Question> ReadWhat(const v1::Query& query) {
  switch (query.query_case()) {
    case v1::Query::kTrace: {
      LB_ASSIGN_OR_RETURN(FlowKey key, ReadKey(query.trace()));
      return key;
    }
    case v1::Query::kHeaviest:
      return HeaviestFlows{BucketId(query.heaviest().bucket()),
                           query.heaviest().count()};
    case v1::Query::QUERY_NOT_SET:
      break;
  }
  return absl::UnimplementedError("this agent does not know such a query");
}

absl::StatusOr<Table> ReadTable(const v1::Table& table) {
  if (table.hash() != v1::HASH_KIND_SIPHASH &&
      table.hash() != v1::HASH_KIND_TOEPLITZ) {
    return absl::InvalidArgumentError(absl::StrCat(
        "table is for the unknown hash ", static_cast<int>(table.hash())));
  }
  Table read{static_cast<HashKind>(table.hash()), table.key_id(), {}};
  read.owner.reserve(static_cast<std::size_t>(table.owner_size()));
  for (std::uint32_t owner : table.owner()) {
    if (owner > std::numeric_limits<ProcessorId::rep>::max()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "table gives bucket ", read.owner.size(), " to processor ", owner));
    }
    read.owner.emplace_back(static_cast<ProcessorId::rep>(owner));
  }
  return read;
}

PlanCommand Read(const v1::PlanCommand& command) {
  PlanCommand read;
  read.plan.host = command.host();
  read.plan.store_id = command.store_id();
  read.plan.term = Term(command.term());
  read.plan.epoch = Epoch(command.epoch());
  read.plan.base = Digest(command.base());
  read.digest = Digest(command.table().digest());
  read.deadline = std::chrono::milliseconds(command.deadline_ms());
  absl::StatusOr<Table> table = ReadTable(command.table());
  read.readable = table.status();
  if (table.ok()) read.plan.table = *std::move(table);
  return read;
}

AgentPolicy Read(const v1::Policy& policy) {
  AgentPolicy read;
  read.revision = policy.revision();
  if (policy.report_interval_ms() > 0) {
    read.report_interval =
        std::chrono::milliseconds(policy.report_interval_ms());
  }
  read.fair_queue.quantum =
      std::chrono::microseconds(policy.fair_queue_quantum_us());
  read.fair_queue.packets = policy.fair_queue_limit_packets();
  return read;
}

Welcome Read(const v1::Welcome& welcome) {
  return {welcome.store_id(), Term(welcome.term()), welcome.software_version(),
          welcome.protocol_revision(), Read(welcome.policy())};
}

}  // namespace

v1::ConnectRequest ToProto(const Hello& hello) {
  v1::ConnectRequest request;
  v1::Hello* out = request.mutable_hello();
  out->set_host(hello.host);
  out->set_instance_id(hello.instance_id);
  out->set_boot_id(hello.boot_id);
  out->set_software_version(hello.software_version);
  out->set_protocol_revision(kProtocolRevision);
  for (const char* feature : kFeatures) out->add_features(feature);
  out->mutable_labels()->insert(hello.labels.begin(), hello.labels.end());
  Fill(hello.layout, out->mutable_layout());
  Fill(hello.table, out->mutable_table());
  out->set_seen_term(hello.seen_term.value());
  out->set_seen_epoch(hello.seen_epoch.value());
  out->set_store_id(hello.store_id);
  if (hello.last_result) Fill(*hello.last_result, out->mutable_last_result());
  return request;
}

v1::ConnectRequest ToProto(const Report& report) {
  const LoadSample& sample = report.sample;
  v1::ConnectRequest request;
  v1::Report* out = request.mutable_report();
  out->set_sequence(report.sequence);
  out->set_start_ns(Ns(sample.start));
  out->set_end_ns(Ns(sample.end));
  out->set_term(report.term.value());
  out->set_epoch(report.epoch.value());
  out->set_digest_start(sample.table_start.value());
  out->set_digest_end(sample.table_end.value());
  out->set_policy_revision(report.policy_revision);
  for (const ProcessorLoad& load : sample.processors) {
    Fill(load, out->add_processors());
  }
  Fill(sample.buckets, out->mutable_buckets());
  for (const DispatcherLoad& load : sample.dispatchers) {
    v1::DispatcherLoad* d = out->add_dispatchers();
    d->set_busy_ns(Ns(load.busy));
    d->set_packets(load.packets);
  }
  Fill(sample.counters, out->mutable_counters());
  out->set_merged(report.merged);
  return request;
}

v1::ConnectRequest ToProto(const PlanResult& result) {
  v1::ConnectRequest request;
  Fill(result, request.mutable_plan_result());
  return request;
}

v1::ConnectRequest ToProto(const TableChanged& changed) {
  v1::ConnectRequest request;
  Fill(changed.table, request.mutable_table_changed()->mutable_table());
  request.mutable_table_changed()->set_reason(changed.reason);
  return request;
}

v1::ConnectRequest ToProto(const AgentEvent& event) {
  v1::ConnectRequest request;
  v1::AgentEvent* out = request.mutable_agent_event();
  out->set_kind(static_cast<v1::AgentEventKind>(event.kind));
  out->set_message(event.message);
  const auto since_epoch = event.time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  out->mutable_time()->set_seconds(seconds.count());
  out->mutable_time()->set_nanos(static_cast<std::int32_t>(
      std::chrono::nanoseconds(since_epoch - seconds).count()));
  return request;
}

v1::ConnectRequest ToProto(const Answer& answer) {
  v1::ConnectRequest request;
  v1::Answer* out = request.mutable_answer();
  out->set_id(answer.id);
  out->set_error(answer.error);
  if (answer.trace) {
    v1::FlowTrace* trace = out->mutable_trace();
    trace->set_hash(answer.trace->hash);
    trace->set_bucket(answer.trace->bucket.value());
    trace->set_processor(answer.trace->processor.value());
    if (answer.trace->flow) Fill(*answer.trace->flow, trace->mutable_flow());
  }
  for (const FlowInfo& flow : answer.heaviest) Fill(flow, out->add_heaviest());
  return request;
}

std::optional<Message> FromProto(const v1::ConnectResponse& response) {
  switch (response.message_case()) {
    case v1::ConnectResponse::kWelcome:
      return Read(response.welcome());
    case v1::ConnectResponse::kPlan:
      return Read(response.plan());
    case v1::ConnectResponse::kPlanResultAck:
      return PlanResultAck{Term(response.plan_result_ack().term()),
                           Epoch(response.plan_result_ack().epoch())};
    case v1::ConnectResponse::kPolicy:
      return Read(response.policy());
    case v1::ConnectResponse::kGoAway:
      return GoAway{response.go_away().reason(),
                    std::chrono::milliseconds(response.go_away().after_ms())};
    case v1::ConnectResponse::kDrain:
      return Drain{{response.drain().processors().begin(),
                    response.drain().processors().end()}};
    case v1::ConnectResponse::kQuery:
      return Query{response.query().id(), ReadWhat(response.query())};
    case v1::ConnectResponse::MESSAGE_NOT_SET:
      break;
  }
  return std::nullopt;
}

}  // namespace lb::agent
