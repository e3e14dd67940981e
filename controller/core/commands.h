// Everything that changes what the controller does: one natural way from a
// call to a committed, audited change. Authorisation comes before (rpc knows
// the callers); what is refused there is brought to Refused(). Idempotency,
// validate_only, preconditions and the audit are here, once for every way of
// calling. On the loop's thread, callbacks too.
#ifndef LB_CONTROLLER_CORE_COMMANDS_H_
#define LB_CONTROLLER_CORE_COMMANDS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "balance/policy.h"
#include "common/ids.h"
#include "controller/core/access.h"
#include "controller/core/fleet.h"
#include "controller/core/host_view.h"
#include "controller/core/journal.h"
#include "controller/core/mutation.h"
#include "controller/core/queries.h"
#include "controller/core/store.h"

namespace lb::controller {

template <class T>
struct Changed {
  T value;
  Receipt receipt;
};

// A policy and what it is called.
struct NamedPolicy {
  std::string name;  // policies/default or hosts/HOST/policy
  PolicyRecord record;
  bool inherited = false;  // the default's, asked for under a host's name
};

// "r7" of revision 7.
std::string EtagOf(const PolicyRecord& policy);

struct ProposalRequest {
  // None: the policy's, less near saturation.
  std::optional<std::uint32_t> target_permille{};
  std::optional<std::uint32_t> max_moves{};       // none: as many as it takes
  std::optional<balance::PlannerKind> planner{};  // none: the policy's
};

struct ProposalAnswer {
  std::optional<PlanRecord> plan;  // none: no better table is within reach
  std::string planner_reason;
};

// What is already as it is wanted is answered like a change, and audited, but
// is no event. Errors of every method, besides what each says: INVALID_ARGUMENT
// for names and values that cannot be and for a request id that was used for
// another request; NOT_FOUND; FAILED_PRECONDITION while the store cannot
// commit; RESOURCE_EXHAUSTED while too many calls wait for the same host. After
// an error nothing has changed. Refusals are audited, but for INVALID_ARGUMENT
// and those of a call that is only to be validated.
//
// Changes of one host, or of the fleet, are made one after another. A request
// that is said again while the first is under way waits for it, and is answered
// as a repeated one.
class Commands {
 public:
  template <class T>
  using Done = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  // All outlive the commands and their callbacks.
  Commands(Fleet& fleet, Queries& queries, Store& store, Journal& journal,
           const Clock& clock);

  // The caller's role was not enough, or he was not known: kept in the audit.
  void Refused(const Call& call, const absl::Status& why);

  // FAILED_PRECONDITION while the host is connected.
  void ForgetHost(Call call, const std::string& name, Done<Receipt> done);

  // `name` is hosts/HOST/processors/I. FAILED_PRECONDITION if no processor
  // would remain.
  void DrainProcessor(Call call, const std::string& name,
                      Done<Changed<HostView>> done);
  void UndrainProcessor(Call call, const std::string& name,
                        Done<Changed<HostView>> done);
  // `name` is hosts/HOST/buckets/B; no processor: where the bucket is.
  void PinBucket(Call call, const std::string& name,
                 std::optional<ProcessorId> processor,
                 Done<Changed<HostView>> done);
  void UnpinBucket(Call call, const std::string& name,
                   Done<Changed<HostView>> done);

  // `parent` is hosts/HOST, or hosts/- for the fleet.
  void PauseBalance(Call call, const std::string& parent, Done<Receipt> done);
  void ResumeBalance(Call call, const std::string& parent, Done<Receipt> done);

  absl::StatusOr<NamedPolicy> GetPolicy(const std::string& name) const;
  // `patch` turns the policy as it is into the one wanted. An etag that is not
  // empty must be the present one: ABORTED.
  void UpdatePolicy(
      Call call, const std::string& name, const std::string& etag,
      const std::function<absl::Status(balance::Policy& policy)>& patch,
      Done<Changed<NamedPolicy>> done);
  void DeletePolicy(Call call, const std::string& name, const std::string& etag,
                    Done<Receipt> done);

  void ProposePlan(Call call, const std::string& parent,
                   const ProposalRequest& request,
                   Done<Changed<ProposalAnswer>> done);
  // ABORTED if the host's table is another than the proposal's base;
  // FAILED_PRECONDITION while a plan is in flight or the host is not connected.
  void ApplyPlan(Call call, const std::string& name,
                 Done<Changed<PlanRecord>> done);
  void RollBackPlan(Call call, const std::string& name,
                    Done<Changed<PlanRecord>> done);

  void BackUp(Call call, const std::string& directory,
              Done<Changed<BackupInfo>> done);
  // FAILED_PRECONDITION if nothing is fenced.
  void Adopt(Call call, Done<Changed<Term>> done);

 private:
  struct Edited {
    HostIntent intent;
    EventKind kind;
    std::string message;  // of the event, without who and why
  };
  using Edit = std::function<absl::StatusOr<Edited>(const Host& host)>;

  absl::StatusOr<Host*> FindHost(const std::string& name) const;
  // FAILED_PRECONDITION unless a plan could be sent to the host now.
  absl::Status CheckReady(const Host& host) const;
  void EditIntent(Call call, const std::string& host, Edit edit,
                  Done<Changed<HostView>> done);
  void EditDrain(Call call, const std::string& name, bool drain,
                 Done<Changed<HostView>> done);
  void EditFleetPause(Call call, std::optional<Pause> pause,
                      Done<Receipt> done);
  absl::StatusOr<Draft> DraftPolicy(const Call& call, const std::string& host,
                                    const std::string& etag,
                                    std::optional<balance::Policy> policy);
  absl::StatusOr<PlanRecord> Plan(const Call& call, const Host& host,
                                  const ProposalRequest& request,
                                  std::string& planner_reason);
  absl::StatusOr<PlanRecord> PlanBack(const Call& call, const Host& host,
                                      const PlanRecord& undone) const;
  // Makes the plan to be sent of the one that the call names, and adds to
  // `with` what is to be committed with it.
  using MakePlan = std::function<absl::StatusOr<PlanRecord>(
      const Host& host, const PlanRecord& named, Change& with)>;
  void SendPlan(Call call, const std::string& name, MakePlan make,
                Done<Changed<PlanRecord>> done);

  Fleet& fleet_;
  Queries& queries_;
  Store& store_;
  const Clock& clock_;
  Mutations mutations_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_COMMANDS_H_
