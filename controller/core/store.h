// The seam to what is kept: everything measured, decided, acknowledged and
// changed. It is declared here, not in controller/store, because core must not
// see SQL and store depends on core; docs/adr/0001 has the reasons.
#ifndef LB_CONTROLLER_CORE_STORE_H_
#define LB_CONTROLLER_CORE_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/ids.h"
#include "common/plan.h"
#include "controller/core/records.h"
#include "controller/core/roll_up.h"

namespace lb::controller {

// Random per store, and the number of this incarnation of its controller: one
// more than the last one's.
struct StoreIdentity {
  std::string store_id;
  Term term;
  // Why nothing may be planned from it until it is adopted: it is a backup's
  // copy. Empty: nothing is wrong.
  std::string fenced{};
  // First term after the last adoption; 0: never adopted. What agents saw in
  // earlier terms, of this store or another one, binds nobody any more.
  Term adopted_term{};
};

struct HostIntentChange {
  std::string host;
  HostIntent intent;  // takes the place of the one before
};
struct PolicyChange {
  std::string host{};  // empty: the default
  // Empty: the host follows the default again.
  std::optional<balance::Policy> policy{};
};
struct FleetPauseChange {
  std::optional<Pause> pause{};  // empty: the fleet goes on
};

// What happened is at most one event; what changes with it, changes in the same
// transaction or not at all. Every change takes one revision.
struct Change {
  // Revision ignored; a new plan's message gets its name before.
  std::optional<Event> event{};
  std::optional<HostRecord> host{};    // written or replaced
  std::optional<PlanRecord> plan{};    // new; unless PROPOSED it gets an epoch
  std::optional<PlanUpdate> update{};  // of an existing plan
  std::optional<PolicyChange> policy{};
  std::optional<HostIntentChange> intent{};
  std::optional<FleetPauseChange> fleet_pause{};
  // This host is left out of StoredState until it is written again.
  std::optional<std::string> forget{};
  std::optional<DecisionRecord> decision{};  // needs an event
  std::optional<Term> adopt{};  // the term from now on; nothing is fenced
  std::optional<AuditRecord> audit{};
  // ALREADY_EXISTS, and nothing is changed, if its caller had the id before.
  std::optional<RequestRecord> request{};
};

struct Committed {
  std::uint64_t revision = 0;
  std::uint64_t plan_id = 0;  // of Change::plan
  Epoch epoch;  // of Change::plan, or of a proposal that is to be sent
  std::uint64_t policy_revision = 0;  // of Change::policy
  AuditHead head;                     // of the whole chain, this change in it
};

struct RecentMove {
  std::string host;
  WallTime time;  // of its plan
  Move move;
};

// A host that was forgotten: what it must not lose, should it come back.
struct ForgottenHost {
  std::string host;
  Epoch last_epoch;
};

// What a starting controller needs to go on.
struct StoredState {
  std::uint64_t revision = 0;
  std::optional<PolicyRecord> policy{};  // the default; none: never set
  std::optional<Pause> fleet_pause{};
  AuditHead head;
  std::vector<HostRecord> hosts;  // by name; without those forgotten
  std::vector<ForgottenHost> forgotten;
  // Of each of `hosts`, the plan with the highest epoch; without inputs.
  std::vector<PlanRecord> last_plans;
  // PROPOSED, the newest of each host; without inputs.
  std::vector<PlanRecord> open_proposals;
  std::vector<RecentMove> recent_moves;  // made since the time asked for
};

// Pages are in descending order of id or revision.
struct PlanPage {
  std::string host;          // empty: all
  std::uint64_t before = 0;  // plans with a smaller id; 0: from the newest
  std::uint32_t limit = 50;
};
struct EventPage {
  std::string host;          // empty: all
  std::uint64_t before = 0;  // events of smaller revisions; 0: from the newest
  std::uint32_t limit = 50;
};

// Samples or roll-ups of one host in ascending order of time.
struct SamplePage {
  std::string host;
  WallTime from{};                // this or later
  WallTime to = WallTime::max();  // earlier
  std::uint64_t after = 0;        // those that follow this row; 0: from first
  std::uint32_t limit = 50;
};
// `row` of the last element continues the page.
struct StoredProcessorSample {
  std::uint64_t row = 0;
  ProcessorSample sample;
};
struct StoredBucketSample {
  std::uint64_t row = 0;
  BucketSample sample;
};
struct StoredRollUp {
  std::uint64_t row = 0;
  LoadRollUp roll_up;
};

struct BackupInfo {
  std::uint64_t revision = 0;  // of the last commit in the copy
  std::uint64_t bytes = 0;     // of all its files
};

struct StoreStatistics {
  std::uint64_t control_bytes = 0;
  std::uint64_t telemetry_bytes = 0;
  std::uint64_t dropped_samples = 0;  // since the start
};

// Any thread may call. Results arrive on the executor the implementation was
// made with, in the order of the calls: a read sees every commit asked for
// before it, and a commit's result arrives before that of a later read. Samples
// and backups arrive when they are there; samples see every Append() before.
// UNAVAILABLE: the store cannot commit or read at present, and heals by itself.
// The change is then not in the store; only if the file could not even be read
// again may it be there nevertheless, so nothing may be done that would be
// wrong in that case.
class Store {
 public:
  template <class T>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  virtual ~Store() = default;
  // As of the last commit whose result was delivered.
  virtual StoreIdentity identity() const = 0;
  virtual StoreStatistics statistics() const = 0;

  // `moves_since`: how far back moves count as recent.
  virtual void LoadState(WallTime moves_since,
                         Callback<StoredState> callback) = 0;
  // Durable when the callback is called with OK. NOT_FOUND if the plan to
  // update or a host that is named does not exist; INVALID_ARGUMENT for a
  // decision without an event, a proposal that was sent before, and a term to
  // adopt that is below the present one.
  virtual void Commit(Change change, Callback<Committed> callback) = 0;

  // With moves and inputs, unless these were pruned. NOT_FOUND.
  virtual void GetPlan(std::string host, Epoch epoch,
                       Callback<PlanRecord> callback) = 0;
  // Also one that was sent since.
  virtual void GetProposal(std::string host, std::uint64_t id,
                           Callback<PlanRecord> callback) = 0;
  // Without moves and inputs.
  virtual void ListPlans(PlanPage page,
                         Callback<std::vector<PlanRecord>> callback) = 0;
  virtual void ListEvents(EventPage page,
                          Callback<std::vector<Event>> callback) = 0;
  // In ascending order, of revisions above `after`. Empty host: all.
  virtual void ListEventsAfter(std::string host, std::uint64_t after,
                               std::uint32_t limit,
                               Callback<std::vector<Event>> callback) = 0;

  // The default's or a host's, of any time. NOT_FOUND.
  virtual void GetPolicy(std::uint64_t revision,
                         Callback<PolicyRecord> callback) = 0;
  // NOT_FOUND.
  virtual void GetDecision(std::string host, std::uint64_t revision,
                           Callback<DecisionRecord> callback) = 0;
  // NOT_FOUND. Records older than a day may be gone.
  virtual void FindRequest(std::string caller, std::string request_id,
                           Callback<RequestRecord> callback) = 0;
  // Newest first, of sequences below `before` (0: from the newest).
  virtual void ListAudit(std::uint64_t before, std::uint32_t limit,
                         Callback<std::vector<AuditRecord>> callback) = 0;
  // Ascending, of sequences above `after`.
  virtual void ListAuditAfter(std::uint64_t after, std::uint32_t limit,
                              Callback<std::vector<AuditRecord>> callback) = 0;
  virtual void ListProcessorSamples(
      SamplePage page,
      Callback<std::vector<StoredProcessorSample>> callback) = 0;
  virtual void ListBucketSamples(
      SamplePage page, Callback<std::vector<StoredBucketSample>> callback) = 0;
  // A minute is there when it is over: when a report of a later one, of any
  // host, was appended. An hour grows by such minutes. A report that comes late
  // is added to the minute and hour of its time.
  virtual void ListRollUps(RollUpPeriod period, SamplePage page,
                           Callback<std::vector<StoredRollUp>> callback) = 0;
  // Copies both files, while they are in use, into `directory`, which must not
  // exist (ALREADY_EXISTS); its parent must (NOT_FOUND). It is whole or not
  // there. The copy's identity is fenced. CANCELLED if the store is closed.
  virtual void BackUp(std::string directory, Callback<BackupInfo> callback) = 0;

  // Telemetry: kept soon, not at once; may lose its last second on power loss.
  virtual void Append(ProcessorSample sample) = 0;
  virtual void Append(BucketSample sample) = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_STORE_H_
