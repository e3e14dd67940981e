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
#include "controller/core/audit.h"

namespace lb::controller {

// A version of a policy: the default of all hosts, or one host's own. Revisions
// rise over all of them. Revision 0: built in, not stored.
struct PolicyRecord {
  std::uint64_t revision = 0;
  balance::Policy policy;
};

// Every number of it in one line, for people.
std::string DescribePolicy(const balance::Policy& policy);

struct Pin {
  BucketId bucket;
  ProcessorId processor;  // where it is to be

  friend bool operator==(const Pin&, const Pin&) = default;
};

// Balancing was stopped by somebody.
struct Pause {
  // Plans are still made, and kept as proposals: after a roll-back.
  bool advise = false;
  std::string reason;
  std::string author;  // the caller's name
  WallTime since;

  friend bool operator==(const Pause&, const Pause&) = default;
};

// What operators want of a host, beside its policy.
struct HostIntent {
  std::vector<ProcessorId> drained;  // ascending
  std::vector<Pin> pins;             // by bucket
  std::optional<Pause> pause;

  friend bool operator==(const HostIntent&, const HostIntent&) = default;
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
  // Kept by the store, of other fields of Change; ignored when written, but for
  // last_epoch.
  HostIntent intent;
  std::optional<PolicyRecord> policy;  // its own; none: the default's
  // Highest given to a plan, or seen by the agent before its host was adopted.
  // When written, the store keeps the higher one.
  Epoch last_epoch;
  std::uint64_t plan_count = 0;  // plans given an epoch
  std::uint64_t move_count = 0;  // buckets that really moved
};

enum class PlanState : std::uint8_t {
  kProposed = 1,    // made, not to be sent unless somebody applies it
  kSent = 2,        // committed and on its way
  kApplied = 3,     // every move was made
  kPartial = 4,     // some moves were not made
  kRejected = 5,    // the agent refused it whole
  kExpired = 6,     // not begun by the agent within its deadline
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
  std::string author;   // "balancer", or a caller
  std::string verdict;  // why the host was to be planned, such as IMBALANCE
  std::string reason;   // the same, in one line
  std::string planner_reason;  // why there were no more moves
  std::uint64_t policy_revision = 0;
  Digest base;
  Digest digest;
  Table table;  // the complete table planned
  double imbalance_before = 1;
  double imbalance_predicted = 1;
  std::optional<double> imbalance_achieved;
  std::vector<double> utilization_achieved;  // by processor; empty: not yet
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

// Why a host was not planned, kept when the reason changes. Its name is
// hosts/HOST/decisions/REVISION.
struct DecisionRecord {
  std::uint64_t revision = 0;  // of its event; given by the store
  std::string host;
  WallTime time;
  std::string verdict;  // such as NOT_SIGNIFICANT
  std::string reason;   // in one line
  std::uint64_t policy_revision = 0;
  // What balance::Decide() was given, byte for byte (see decision_inputs.h);
  // empty if the verdict is not its own.
  std::string measurement;
  // What the planner was given, where it was asked.
  std::optional<PlannerInputs> inputs;
};

// A change that was asked for under a request id: who asks again is answered
// again. Kept for a day.
struct RequestRecord {
  std::string caller;
  std::string request_id;
  WallTime time;
  std::string method;
  std::string request_hash;  // 32 bytes
  // Name of what it made, or empty. Given by the store if the change has a plan
  // or gives one an epoch: the plan's.
  std::string subject;
  std::uint64_t revision = 0;  // given by the store
  AuditHead head;              // given by the store
};

// hosts/HOST/plans/EPOCH, or hosts/HOST/proposals/ID.
std::string PlanName(const PlanRecord& plan);

// A change of a stored plan. What is empty stays as it was.
struct PlanUpdate {
  std::uint64_t id = 0;
  PlanState state = PlanState::kSent;
  // Of a proposal that is to be sent: the term it is sent in. It gets an epoch.
  std::optional<Term> term{};
  std::optional<WallTime> result_time{};
  std::optional<std::string> rejection{};
  std::vector<MoveResult> moves{};  // of the plan's moves, in any order
  std::optional<Counters> cost{};
  std::optional<double> imbalance_achieved{};
  std::vector<double> utilization_achieved{};
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
  kHostForgotten,
  kProcessorDrained,
  kProcessorUndrained,
  kBucketPinned,
  kBucketUnpinned,
  kBalancePaused,
  kBalanceResumed,
  kBalanceHalted,  // by the loop itself: too many plans went wrong
  kControllerAdopted,
  kBackedUp,
  kAccessChanged,  // roles or certificates were read anew
  kAccessRefused,  // calls without the right to; one event a minute
  kConfigurationReloaded,
  kConfigurationRefused,  // it had mistakes: the one before stays in force
  kBucketUnsplittable,    // which connection makes the bound
};
inline constexpr std::uint8_t kEventKinds = 35;

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
