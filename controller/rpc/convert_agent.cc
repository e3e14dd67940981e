#include "controller/rpc/convert_agent.h"

#include <cmath>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/rpc/convert_common.h"
#include "controller/rpc/convert_flow.h"
#include "controller/rpc/convert_policy.h"

namespace lb::controller {
namespace {

constexpr std::size_t kMostText = 1'024;  // bytes

absl::StatusOr<ApplyState> ApplyStateFrom(v1::ApplyState state) {
  switch (state) {
    case v1::APPLY_STATE_APPLIED:
      return ApplyState::kApplied;
    case v1::APPLY_STATE_PARTIAL:
      return ApplyState::kPartial;
    case v1::APPLY_STATE_REJECTED:
      return ApplyState::kRejected;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("plan result has state ", static_cast<int>(state)));
  }
}

// What an agent says in words is stored. Not cut within a character.
std::string Shortened(const std::string& text) {
  if (text.size() <= kMostText) return text;
  std::size_t size = kMostText;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  return absl::StrCat(text.substr(0, size), "...");
}

absl::StatusOr<MoveOutcome> OutcomeFrom(v1::MoveOutcome outcome) {
  switch (outcome) {
    case v1::MOVE_OUTCOME_MOVED:
      return MoveOutcome::kMoved;
    case v1::MOVE_OUTCOME_TAKEN_OVER:
      return MoveOutcome::kTakenOver;
    case v1::MOVE_OUTCOME_NOT_MOVED:
      return MoveOutcome::kNotMoved;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("a move has outcome ", static_cast<int>(outcome)));
  }
}

absl::StatusOr<PlanResult> PlanResultFrom(const v1::PlanResult& message) {
  PlanResult result;
  result.term = Term(message.term());
  result.epoch = Epoch(message.epoch());
  LB_ASSIGN_OR_RETURN(result.state, ApplyStateFrom(message.state()));
  result.expired = message.expired();
  result.reason = Shortened(message.reason());
  for (const v1::MoveResult& moved : message.moves()) {
    MoveResult move;
    LB_ASSIGN_OR_RETURN(move.move, MoveFrom(moved.move()));
    LB_ASSIGN_OR_RETURN(move.outcome, OutcomeFrom(moved.outcome()));
    LB_ASSIGN_OR_RETURN(move.pause,
                        NanosFrom(moved.pause_ns(), "a move's pause"));
    result.moves.push_back(move);
  }
  result.counters = CountersFrom(message.counters());
  result.digest = Digest(message.digest());
  return result;
}

absl::StatusOr<Hello> HelloFrom(const v1::Hello& message) {
  Hello hello;
  hello.host = message.host();
  hello.instance_id = message.instance_id();
  hello.boot_id = message.boot_id();
  hello.software_version = message.software_version();
  hello.protocol_revision = message.protocol_revision();
  hello.features = {message.features().begin(), message.features().end()};
  hello.labels = {message.labels().begin(), message.labels().end()};
  LB_ASSIGN_OR_RETURN(hello.layout, LayoutFrom(message.layout()));
  LB_ASSIGN_OR_RETURN(hello.table, TableFrom(message.table()));
  hello.digest = Digest(message.table().digest());
  hello.seen_term = Term(message.seen_term());
  hello.seen_epoch = Epoch(message.seen_epoch());
  hello.store_id = message.store_id();
  hello.applying_epoch = Epoch(message.applying_epoch());
  if (message.has_last_result()) {
    LB_ASSIGN_OR_RETURN(hello.last_result,
                        PlanResultFrom(message.last_result()));
  }
  return hello;
}

absl::StatusOr<ProcessorLoad> ProcessorLoadFrom(
    const v1::ProcessorLoad& message) {
  ProcessorLoad processor;
  LB_ASSIGN_OR_RETURN(processor.busy,
                      NanosFrom(message.busy_ns(), "a processor's busy_ns"));
  processor.capacity_permille = message.capacity_permille();
  processor.samples = {message.sample_count(), message.sample_mean(),
                       message.sample_standard_deviation(),
                       message.sample_lag1_autocorrelation()};
  if (!std::isfinite(processor.samples.mean) ||
      !std::isfinite(processor.samples.standard_deviation) ||
      !std::isfinite(processor.samples.lag1_autocorrelation)) {
    return absl::InvalidArgumentError(
        "a processor's sample statistics are not finite numbers");
  }
  processor.in_service = message.in_service();
  processor.stalled = message.stalled();
  processor.packets = message.packets();
  processor.backlog_packets = message.backlog_packets();
  return processor;
}

absl::StatusOr<std::vector<BucketLoad>> BucketLoadsFrom(
    const v1::BucketLoads& message) {
  const int count = message.bucket_size();
  if (message.load_ns_per_s_size() != count ||
      message.packets_size() != count || message.connections_size() != count) {
    return absl::InvalidArgumentError(absl::StrCat(
        "bucket loads have ", count, " buckets, ", message.load_ns_per_s_size(),
        " loads, ", message.packets_size(), " packet counts and ",
        message.connections_size(),
        " connection counts; one of each is needed"));
  }
  std::vector<BucketLoad> buckets;
  buckets.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    buckets.push_back({.bucket = BucketId(message.bucket(i)),
                       .load_ns_per_s = message.load_ns_per_s(i),
                       .packets = message.packets(i),
                       .connections = message.connections(i)});
  }
  if (message.lower_bound_size() == 0) return buckets;
  const std::unordered_set<std::uint32_t> lower_bounds(
      message.lower_bound().begin(), message.lower_bound().end());
  for (BucketLoad& load : buckets) {
    load.lower_bound = lower_bounds.contains(load.bucket.value());
  }
  return buckets;
}

absl::StatusOr<Report> ReportFrom(const v1::Report& message) {
  Report report;
  report.sequence = message.sequence();
  report.term = Term(message.term());
  report.epoch = Epoch(message.epoch());
  report.policy_revision = message.policy_revision();
  report.merged = message.merged();
  LoadSample& load = report.load;
  LB_ASSIGN_OR_RETURN(load.start, NanosFrom(message.start_ns(), "start_ns"));
  LB_ASSIGN_OR_RETURN(load.end, NanosFrom(message.end_ns(), "end_ns"));
  load.table_start = Digest(message.digest_start());
  load.table_end = Digest(message.digest_end());
  for (const v1::ProcessorLoad& one : message.processors()) {
    LB_ASSIGN_OR_RETURN(ProcessorLoad processor, ProcessorLoadFrom(one));
    load.processors.push_back(processor);
  }
  LB_ASSIGN_OR_RETURN(load.buckets, BucketLoadsFrom(message.buckets()));
  for (const v1::DispatcherLoad& one : message.dispatchers()) {
    DispatcherLoad dispatcher;
    LB_ASSIGN_OR_RETURN(dispatcher.busy,
                        NanosFrom(one.busy_ns(), "a dispatcher's busy_ns"));
    dispatcher.packets = one.packets();
    load.dispatchers.push_back(dispatcher);
  }
  load.counters = CountersFrom(message.counters());
  return report;
}

absl::StatusOr<TableChanged> TableChangedFrom(const v1::TableChanged& message) {
  TableChanged changed;
  LB_ASSIGN_OR_RETURN(changed.table, TableFrom(message.table()));
  changed.digest = Digest(message.table().digest());
  changed.reason = Shortened(message.reason());
  return changed;
}

absl::StatusOr<AgentEvent> AgentEventFrom(const v1::AgentEvent& message) {
  AgentEvent event;
  switch (message.kind()) {
    case v1::AGENT_EVENT_KIND_STALL:
      event.kind = AgentEventKind::kStall;
      break;
    case v1::AGENT_EVENT_KIND_INPUT_BOUND:
      event.kind = AgentEventKind::kInputBound;
      break;
    case v1::AGENT_EVENT_KIND_NEW_KEY:
      event.kind = AgentEventKind::kNewKey;
      break;
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "agent event has kind ", static_cast<int>(message.kind())));
  }
  event.message = Shortened(message.message());
  return event;
}

absl::StatusOr<Answer> AnswerFrom(const v1::Answer& message) {
  Answer answer;
  answer.id = message.id();
  answer.error = message.error();
  if (message.has_trace()) {
    LB_ASSIGN_OR_RETURN(answer.trace, FlowTraceFrom(message.trace()));
  }
  for (const v1::Flow& one : message.heaviest()) {
    LB_ASSIGN_OR_RETURN(FlowInfo flow, FlowFrom(one));
    answer.heaviest.push_back(flow);
  }
  return answer;
}

template <class T>
absl::StatusOr<AgentMessage> Wrap(absl::StatusOr<T> message) {
  if (!message.ok()) return message.status();
  return AgentMessage(*std::move(message));
}

}  // namespace

absl::StatusOr<AgentMessage> AgentMessageFrom(
    const v1::ConnectRequest& request) {
  switch (request.message_case()) {
    case v1::ConnectRequest::kHello:
      return Wrap(HelloFrom(request.hello()));
    case v1::ConnectRequest::kReport:
      return Wrap(ReportFrom(request.report()));
    case v1::ConnectRequest::kPlanResult:
      return Wrap(PlanResultFrom(request.plan_result()));
    case v1::ConnectRequest::kTableChanged:
      return Wrap(TableChangedFrom(request.table_changed()));
    case v1::ConnectRequest::kAgentEvent:
      return Wrap(AgentEventFrom(request.agent_event()));
    case v1::ConnectRequest::kAnswer:
      return Wrap(AnswerFrom(request.answer()));
    case v1::ConnectRequest::MESSAGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "the stream has a message that this controller does not know");
}

v1::ConnectResponse ResponseOf(const Welcome& welcome) {
  v1::ConnectResponse response;
  v1::Welcome& message = *response.mutable_welcome();
  message.set_store_id(welcome.store_id);
  message.set_term(welcome.term.value());
  message.set_software_version(LB_VERSION);
  message.set_protocol_revision(kProtocolRevision);
  FillPolicy(welcome.policy, *message.mutable_policy());
  return response;
}

v1::ConnectResponse ResponseOf(const PlanCommand& command) {
  v1::ConnectResponse response;
  v1::PlanCommand& message = *response.mutable_plan();
  message.set_host(command.plan.host);
  message.set_store_id(command.plan.store_id);
  message.set_term(command.plan.term.value());
  message.set_epoch(command.plan.epoch.value());
  message.set_base(command.plan.base.value());
  FillTable(command.plan.table, ComputeDigest(command.plan.table),
            *message.mutable_table());
  message.set_deadline_ms(static_cast<std::uint32_t>(command.deadline.count()));
  message.set_policy_revision(command.policy_revision);
  return response;
}

v1::ConnectResponse ResponseOf(const PolicyRecord& policy) {
  v1::ConnectResponse response;
  FillPolicy(policy, *response.mutable_policy());
  return response;
}

v1::ConnectResponse ResponseOf(const GoAway& go_away) {
  v1::ConnectResponse response;
  response.mutable_go_away()->set_reason(go_away.reason);
  response.mutable_go_away()->set_after_ms(
      static_cast<std::uint32_t>(go_away.after.count()));
  return response;
}

v1::ConnectResponse ResponseOf(const Drain& drain) {
  v1::ConnectResponse response;
  v1::Drain& message = *response.mutable_drain();
  for (const ProcessorId processor : drain.processors) {
    message.add_processors(processor.value());
  }
  return response;
}

v1::ConnectResponse ResponseOf(const Query& query) {
  v1::ConnectResponse response;
  v1::Query& message = *response.mutable_query();
  message.set_id(query.id);
  if (const auto* key = std::get_if<FlowKey>(&query.what)) {
    FillFlowKey(*key, *message.mutable_trace());
  } else {
    const auto& heaviest = std::get<HeaviestFlows>(query.what);
    message.mutable_heaviest()->set_bucket(heaviest.bucket.value());
    message.mutable_heaviest()->set_count(heaviest.count);
  }
  return response;
}

v1::ConnectResponse AckOf(Term term, Epoch epoch) {
  v1::ConnectResponse response;
  response.mutable_plan_result_ack()->set_term(term.value());
  response.mutable_plan_result_ack()->set_epoch(epoch.value());
  return response;
}

}  // namespace lb::controller
