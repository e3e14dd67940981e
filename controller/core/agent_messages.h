// What an agent and the controller tell each other, as plain values: the
// words of the stream without its encoding. Pure.
#ifndef LB_CONTROLLER_CORE_AGENT_MESSAGES_H_
#define LB_CONTROLLER_CORE_AGENT_MESSAGES_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/clock.h"
#include "common/counters.h"
#include "common/flow_trace.h"
#include "common/ids.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"
#include "controller/core/records.h"

namespace lb::controller {

// Revision of the protocol this program speaks; it serves agents one revision
// older to one newer.
inline constexpr std::uint32_t kProtocolRevision = 1;

enum class ApplyState : std::uint8_t {
  kApplied = 1,   // every move was made
  kPartial = 2,   // some moves were not made
  kRejected = 3,  // nothing was changed
};

struct PlanResult {
  Term term;
  Epoch epoch;
  ApplyState state = ApplyState::kApplied;
  bool expired = false;  // rejected, because it was not started in time
  std::string reason;    // why it was rejected, in one line
  std::vector<MoveResult> moves;
  Counters counters;  // what changed on the host while the plan was applied
  Digest digest;      // of the table in force afterwards
};

// First message of a stream.
struct Hello {
  std::string host;
  std::string instance_id;
  std::string boot_id;
  std::string software_version;
  std::uint32_t protocol_revision = 0;
  std::vector<std::string> features;  // "drain", "query"; others are ignored
  std::map<std::string, std::string> labels;
  Layout layout;
  Table table;
  Digest digest;  // as the agent computed it
  Term seen_term;
  Epoch seen_epoch;
  std::string store_id;  // of its last plan; empty: there was none
  Epoch applying_epoch;  // 0: none
  std::optional<PlanResult> last_result;
};

struct Report {
  std::uint64_t sequence = 0;  // rises within a session
  Term term;                   // of the table in force
  Epoch epoch;
  std::uint64_t policy_revision = 0;
  std::uint32_t merged = 0;  // intervals merged because they were not sent
  LoadSample load;
};

struct TableChanged {
  Table table;
  Digest digest;  // as the agent computed it
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
};

// To one Query.
struct Answer {
  std::uint64_t id = 0;
  std::string error;               // why there is none; or empty
  std::optional<FlowTrace> trace;  // of a trace
  std::vector<FlowInfo> heaviest;  // of heaviest flows, heaviest first
};

// First answer on a stream.
struct Welcome {
  std::string store_id;
  Term term;
  PolicyRecord policy;
};

struct PlanCommand {
  Plan plan;
  std::chrono::milliseconds deadline{0};  // from receipt, on the agent's clock
  std::uint64_t policy_revision = 0;
};

// What only the agent can know. To agents with the feature "query".
struct HeaviestFlows {
  BucketId bucket;
  std::uint32_t count = 0;
};
struct Query {
  std::uint64_t id = 0;  // rises within a session
  std::variant<FlowKey, HeaviestFlows> what;
};

// Every processor that is to hold no bucket. To agents with the feature
// "drain".
struct Drain {
  std::vector<ProcessorId> processors;  // ascending
};

struct GoAway {
  std::string reason;
  std::chrono::milliseconds after{0};  // come back no sooner
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AGENT_MESSAGES_H_
