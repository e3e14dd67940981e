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

namespace lb::controller {

// Random per store, and the number of this incarnation of its controller: one
// more than the last one's.
struct StoreIdentity {
  std::string store_id;
  Term term;
};

// What happened is one event; what changes with it, changes in the same
// transaction or not at all.
struct Change {
  Event event;  // revision ignored; a new plan's message gets its name before
  std::optional<HostRecord> host{};    // written or replaced
  std::optional<PlanRecord> plan{};    // new; unless PROPOSED it gets an epoch
  std::optional<PlanUpdate> update{};  // of an existing plan
  std::optional<balance::Policy> policy{};  // the new default
};

struct Committed {
  std::uint64_t revision = 0;
  std::uint64_t plan_id = 0;          // of Change::plan
  Epoch epoch;                        // of Change::plan
  std::uint64_t policy_revision = 0;  // of Change::policy
};

struct RecentMove {
  std::string host;
  WallTime time;  // of its plan
  Move move;
};

// What a starting controller needs to go on.
struct StoredState {
  std::uint64_t revision = 0;
  std::optional<PolicyRecord> policy{};  // none: never set
  std::vector<HostRecord> hosts;         // by name
  // The newest plan of each host that was given an epoch; without inputs.
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

// Any thread may call. Results arrive on the executor the implementation was
// made with, in the order of the calls: a read sees every commit asked for
// before it, and a commit's result arrives before that of a later read.
// UNAVAILABLE: the store cannot commit or read at present, and heals by itself.
// The change is then not in the store; only if the file could not even be read
// again may it be there nevertheless, so nothing may be done that would be
// wrong in that case.
class Store {
 public:
  template <class T>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  virtual ~Store() = default;
  virtual StoreIdentity identity() const = 0;

  // `moves_since`: how far back moves count as recent.
  virtual void LoadState(WallTime moves_since,
                         Callback<StoredState> callback) = 0;
  // Durable when the callback is called with OK. NOT_FOUND if the plan to
  // update does not exist.
  virtual void Commit(Change change, Callback<Committed> callback) = 0;

  // With moves and inputs. NOT_FOUND.
  virtual void GetPlan(std::string host, Epoch epoch,
                       Callback<PlanRecord> callback) = 0;
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

  // Telemetry: kept soon, not at once; may lose its last second on power loss.
  virtual void Append(ProcessorSample sample) = 0;
  virtual void Append(BucketSample sample) = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_STORE_H_
