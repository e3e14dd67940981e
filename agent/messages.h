// What an agent and its controller say to each other, as values without
// Protobuf. Pure; any thread.
#ifndef LB_AGENT_MESSAGES_H_
#define LB_AGENT_MESSAGES_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/fair_queue_limits.h"
#include "common/flow_key.h"
#include "common/flow_trace.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"

namespace lb::agent {

inline constexpr std::uint32_t kProtocolRevision = 1;
// What not every agent of that revision can do: takes a Drain, answers a Query.
inline constexpr std::array kFeatures = {"drain", "query"};

// --- From the agent.

enum class ApplyState : std::uint8_t {
  kApplied = 1,   // every move was made
  kPartial = 2,   // some were not; see the outcomes
  kRejected = 3,  // nothing was changed; see the reason
};

struct PlanResult {
  Term term;
  Epoch epoch;
  ApplyState state = ApplyState::kRejected;
  bool expired = false;  // rejected, because it was not started in time
  std::string reason;    // of a rejection, in one line
  ApplyResult applied;   // its table is the one in force afterwards
};

struct Hello {
  std::string host;
  std::string instance_id;  // random per process
  std::string boot_id;
  std::string software_version;
  std::map<std::string, std::string> labels;
  Layout layout;
  Table table;
  Term seen_term;  // highest seen, durable before any answer
  Epoch seen_epoch;
  std::string store_id;  // of the last plan seen; empty: there was none
  std::optional<PlanResult> last_result;  // not yet acknowledged
};

// One interval, or several that could not be sent one by one.
struct Report {
  std::uint64_t sequence = 0;  // given when it is sent
  LoadSample sample;
  Term term;  // of the last plan applied; 0 if there was none
  Epoch epoch;
  std::uint64_t policy_revision = 0;
  std::uint32_t merged = 0;  // further intervals in this one
};

// The table in force changed without a plan.
struct TableChanged {
  Table table;
  std::string reason;
};

enum class AgentEventKind : std::uint8_t {
  kStall = 1,
  kInputBound = 2,
  kNewKey = 3,
};

struct AgentEvent {
  AgentEventKind kind = AgentEventKind::kStall;
  std::string message;
  WallTime time;
};

// To the query with this id.
struct Answer {
  std::uint64_t id = 0;
  std::string error;  // why there is none, in one line; empty: here it is
  std::optional<FlowTrace> trace;
  std::vector<FlowInfo> heaviest;  // heaviest first
};

// --- From the controller.

// The part of a host's policy that the agent itself follows.
struct AgentPolicy {
  std::uint64_t revision = 0;
  std::chrono::milliseconds report_interval{1'000};
  FairQueueLimits fair_queue{};  // the data plane begins with its own
};

struct Welcome {
  std::string store_id;
  Term term;
  std::string software_version;
  std::uint32_t protocol_revision = 0;
  AgentPolicy policy;
};

struct PlanCommand {
  Plan plan;
  Digest digest;  // of plan.table, as the controller computed it
  // From receipt until the plan must have been started; 0: no limit.
  std::chrono::milliseconds deadline{0};
  // Not OK: the message held what no plan can, such as a processor's number
  // that fits no ProcessorId; `plan` has its numbers, but no table then.
  absl::Status readable;
};

struct PlanResultAck {
  Term term;
  Epoch epoch;
};

struct GoAway {
  std::string reason;
  std::chrono::milliseconds after{0};  // come back so much later
};

// The processors that are to hold no buckets, all of them; as sent, so there
// may be some that this host has not.
struct Drain {
  std::vector<std::uint32_t> processors;
};

struct HeaviestFlows {
  BucketId bucket;
  std::uint32_t count = 0;
};

// A connection to trace, or a bucket's heaviest.
using Question = std::variant<FlowKey, HeaviestFlows>;

struct Query {
  std::uint64_t id = 0;
  // Not OK: asked for what no host can have, or this version does not know.
  absl::StatusOr<Question> what;
};

// The session is over; the last message of every session.
struct LinkDown {
  absl::Status why;
};

// An Answer comes from the host's own query thread, to be sent on.
using Message = std::variant<Welcome, PlanCommand, PlanResultAck, AgentPolicy,
                             GoAway, Drain, Query, Answer, LinkDown>;

struct Incoming {
  std::uint64_t session = 0;  // the one ControllerLink::Open() returned
  MonotonicTime received;
  Message message;
};

}  // namespace lb::agent

#endif  // LB_AGENT_MESSAGES_H_
