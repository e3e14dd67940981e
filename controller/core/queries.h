// What can be asked of the controller. Answers come from memory for hosts and
// the controller itself, and from the store for what was. On the loop's
// thread, callbacks too.
#ifndef LB_CONTROLLER_CORE_QUERIES_H_
#define LB_CONTROLLER_CORE_QUERIES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "controller/core/audit_check.h"
#include "controller/core/backtest.h"
#include "controller/core/controller_status.h"
#include "controller/core/event_loop.h"
#include "controller/core/explain.h"
#include "controller/core/fleet.h"
#include "controller/core/host_view.h"
#include "controller/core/journal.h"
#include "controller/core/replay.h"
#include "controller/core/store.h"

namespace lb::controller {

template <class T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  // empty: this is the last page
  // Of an event. What was committed up to it is in the list; who lists and then
  // watches goes on from the first page's.
  std::uint64_t revision = 0;
};

struct LoadsRequest {
  std::string parent;            // hosts/HOST
  std::optional<WallTime> from;  // this or later; none: the first kept
  std::optional<WallTime> to;    // earlier; none: no end
  std::int32_t page_size = 0;
  std::string page_token{};
};

// page_size: 0 means 50, at most 1000. Errors of every method:
// INVALID_ARGUMENT for names, sizes and tokens, NOT_FOUND, UNAVAILABLE.
class Queries {
 public:
  // All outlive the queries and their callbacks. Made when the controller
  // starts.
  Queries(const Fleet& fleet, Store& store, const Journal& journal,
          EventLoop& loop, const Clock& clock)
      : fleet_(fleet),
        store_(store),
        journal_(journal),
        loop_(loop),
        clock_(clock),
        start_time_(clock.Wall()) {}

  ControllerStatus GetStatus() const;

  // By name, without tables and bucket loads; of those that `selector` selects
  // (see label_selector.h).
  absl::StatusOr<Page<HostView>> ListHosts(std::int32_t page_size,
                                           const std::string& page_token,
                                           const std::string& selector = "");
  absl::StatusOr<HostView> GetHost(const std::string& name);

  // The host that `parent` names, hosts/HOST, or empty for hosts/-, all of
  // them: to ask for its history, which stays when it is forgotten. So it is
  // NOT_FOUND only if it was never there.
  absl::StatusOr<std::string> FindParent(const std::string& parent) const;

  // Newest first; `parent` as of FindParent().
  void ListPlans(const std::string& parent, std::int32_t page_size,
                 const std::string& page_token,
                 Store::Callback<Page<PlanRecord>> callback);
  void GetPlan(const std::string& name, Store::Callback<PlanRecord> callback);
  void ListEvents(const std::string& parent, std::int32_t page_size,
                  const std::string& page_token,
                  Store::Callback<Page<Event>> callback);

  // `name` is hosts/HOST/plans/EPOCH, hosts/HOST/proposals/ID or
  // hosts/HOST/decisions/REVISION.
  void ExplainPlan(const std::string& name,
                   Store::Callback<Explanation> callback);
  // With the errors of replay.h.
  void ReplayPlan(const std::string& name, Store::Callback<Replay> callback);

  // What another policy would have done on a host from `from` to `to` (none:
  // now); `patch` makes it of the host's present one. One at a time:
  // RESOURCE_EXHAUSTED while another is under way. Else with the errors of
  // backtest_run.h.
  void Backtest(
      const std::string& parent, WallTime from, std::optional<WallTime> to,
      const std::function<absl::Status(balance::Policy& policy)>& patch,
      Store::Callback<BacktestResult> callback);

  // Newest first.
  void ListAudit(std::int32_t page_size, const std::string& page_token,
                 Store::Callback<Page<AuditRecord>> callback);
  // See audit_check.h.
  void VerifyAudit(std::optional<AuditHead> outside,
                   Store::Callback<VerifiedAudit> callback);

  // Reports by their end, or minutes or hours by their start; oldest first.
  void ListLoads(const LoadsRequest& request,
                 Store::Callback<Page<ProcessorSample>> callback);
  void ListRollUps(RollUpPeriod period, const LoadsRequest& request,
                   Store::Callback<Page<LoadRollUp>> callback);

 private:
  // What can be explained, and the policy that was in force.
  struct Verdict {
    std::variant<PlanRecord, DecisionRecord> record;
    PolicyRecord policy;
  };

  void FindVerdict(const std::string& name, Store::Callback<Verdict> callback);
  // `record` or its error, with its policy.
  template <class Record>
  Store::Callback<Record> WithPolicy(Store::Callback<Verdict> callback);
  absl::StatusOr<const Host*> FindHost(const std::string& name) const;

  const Fleet& fleet_;
  Store& store_;
  const Journal& journal_;
  EventLoop& loop_;
  const Clock& clock_;
  const WallTime start_time_;
  bool backtest_under_way_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_QUERIES_H_
