// What the store keeps: hosts, plans, moves, events, policies, telemetry.
// Pure values.
#ifndef LB_CONTROLLER_CORE_RECORDS_H_
#define LB_CONTROLLER_CORE_RECORDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "balance/policy.h"
#include "common/clock.h"
#include "common/counters.h"
#include "common/ids.h"
#include "common/load.h"
#include "common/plan.h"
#include "common/table.h"

namespace lb::controller {

// A version of the policy of all hosts. Revision 0: built in, not stored.
struct PolicyRecord {
  std::uint64_t revision = 0;
  balance::Policy policy;
};

struct HostRecord {
  std::string host;
  std::string instance_id;
  std::string boot_id;
  std::string software_version;
  std::map<std::string, std::string> labels;
  Layout layout;
  Table table;  // last one known to be in force
  Term term;    // of the plan that made the table; 0: none of ours
  Epoch epoch;
  WallTime connect_time;
  // Kept by the store; ignored when written.
  Epoch last_epoch;              // highest given to a plan
  std::uint64_t plan_count = 0;  // plans given an epoch
  std::uint64_t move_count = 0;  // buckets that really moved
};

enum class PlanState : std::uint8_t {
  kProposed = 1,    // made, not to be sent unless somebody applies it
  kSent = 2,        // committed and on its way
  kApplied = 3,     // every move was made
  kPartial = 4,     // some moves were not made
  kRejected = 5,    // the agent refused it whole
  kExpired = 6,     // did not reach the agent within its deadline
  kSuperseded = 7,  // never in force: overtaken by what happened meanwhile
  kUnknown = 8,     // the agent went away with it
  kMeasured = 9,    // applied, and measured afterwards
};

// "PROPOSED", "SENT", ... and back; INVALID_ARGUMENT for any other name.
std::string_view PlanStateName(PlanState state);
absl::StatusOr<PlanState> ParsePlanState(std::string_view name);
// Whether a plan in state `from` may go to state `to`.
bool CanFollow(PlanState from, PlanState to);
// Whether the agent may still have to say what became of the plan.
bool IsOpen(PlanState state);

// A move, why it was chosen and, once answered, what became of it.
struct MoveRecord {
  Move move;
  std::uint64_t load_ns_per_s = 0;
  std::string reason{};
  std::optional<MoveOutcome> outcome{};
  std::chrono::nanoseconds pause{0};
};

// What the planner was given, byte for byte (see planner_inputs.h), and the
// version of the algorithm that read it.
struct PlannerInputs {
  balance::PlannerKind planner = balance::PlannerKind::kIndex;
  std::uint32_t algorithm_version = 0;
  std::string bytes;
};

struct PlanRecord {
  std::uint64_t id = 0;  // rises over all hosts; given by the store
  std::string host;
  Term term;
  Epoch epoch;  // given by the store; 0: a proposal
  PlanState state = PlanState::kProposed;
  WallTime create_time;
  std::optional<WallTime> result_time;
  std::string author;  // "balancer", or a caller
  std::string reason;  // why the plan was made, in one line
  std::uint64_t policy_revision = 0;
  Digest base;
  Digest digest;
  Table table;  // the complete table planned
  double imbalance_before = 1;
  double imbalance_predicted = 1;
  std::optional<double> imbalance_achieved;
  double bound = 1;
  std::vector<double> indexes;
  double total_index = 0;
  std::vector<std::uint32_t> quotas;
  std::vector<MoveRecord> moves;
  std::uint32_t move_count = 0;  // of `moves`, also where these are left out
  std::optional<Counters> cost;
  std::chrono::nanoseconds max_pause{0};
  std::string rejection;  // why it was rejected, expired or superseded
  PlannerInputs inputs;
};

// hosts/HOST/plans/EPOCH, or hosts/HOST/proposals/ID.
std::string PlanName(const PlanRecord& plan);

// A change of a stored plan. What is empty stays as it was.
struct PlanUpdate {
  std::uint64_t id = 0;
  PlanState state = PlanState::kSent;
  std::optional<WallTime> result_time{};
  std::optional<std::string> rejection{};
  std::vector<MoveResult> moves{};  // of the plan's moves, in any order
  std::optional<Counters> cost{};
  std::optional<double> imbalance_achieved{};
};

enum class EventKind : std::uint8_t {
  kControllerStarted = 1,
  kPolicyChanged,
  kHostConnected,
  kHostDisconnected,
  kHostFenced,
  kDuplicateHost,
  kTableChanged,
  kNotPlanned,
  kPlanProposed,
  kPlanSent,
  kPlanApplied,
  kPlanPartial,
  kPlanRejected,
  kPlanExpired,
  kPlanSuperseded,
  kPlanUnknown,
  kPlanMeasured,
  kAgentStall,
  kAgentInputBound,
  kAgentNewKey,
};
inline constexpr std::uint8_t kEventKinds = 20;

// "CONTROLLER_STARTED", ... and back; INVALID_ARGUMENT for any other name.
std::string_view EventKindName(EventKind kind);
absl::StatusOr<EventKind> ParseEventKind(std::string_view name);
// The event that a plan's new state is.
EventKind EventOf(PlanState state);

// `revision` is the number of the commit that made it: it rises, never twice.
struct Event {
  std::uint64_t revision = 0;
  WallTime time{};
  std::string host{};  // empty: the controller's own
  EventKind kind = EventKind::kControllerStarted;
  std::string message{};
};

// One row of telemetry: every processor over one report.
struct ProcessorSample {
  std::string host;
  WallTime time;
  Term term;
  Epoch epoch;
  std::chrono::nanoseconds interval{0};
  std::vector<ProcessorLoad> processors;
};

// One row of telemetry: every bucket with load.
struct BucketSample {
  std::string host;
  WallTime time;
  Term term;
  Epoch epoch;
  std::vector<BucketLoad> buckets;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_RECORDS_H_
