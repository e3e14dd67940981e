// The loop of one host after another: on each report smooth, decide, plan,
// and hand the plan to be committed and sent; else say why not. On the loop's
// thread.
#ifndef LB_CONTROLLER_CORE_BALANCE_LOOP_H_
#define LB_CONTROLLER_CORE_BALANCE_LOOP_H_

#include <chrono>
#include <functional>
#include <string>

#include "balance/planner.h"
#include "common/clock.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/plan_book.h"
#include "controller/core/store.h"

namespace lb::controller {

class BalanceLoop {
 public:
  // How often bucket loads are kept, besides at decisions.
  static constexpr std::chrono::seconds kBucketSampleInterval{10};

  // Whether one more host may have a plan in flight.
  using MayFly = std::function<bool()>;

  BalanceLoop(Store& store, Journal& journal, PlanBook& plans,
              const Clock& clock, MayFly may_fly)
      : store_(store),
        journal_(journal),
        plans_(plans),
        clock_(clock),
        may_fly_(std::move(may_fly)) {}

  // Holds for every decision from now on. `planner` is the policy's, not null.
  void SetPolicy(const PolicyRecord& policy,
                 std::unique_ptr<balance::Planner> planner) {
    policy_ = policy;
    planner_ = std::move(planner);
  }
  const PolicyRecord& policy() const { return policy_; }

  // A report that the host's session has accepted.
  void OnReport(Host& host, const Report& report);
  // A host that was put off may be planned now.
  void TakeUp(Host& host);
  // Time passed: a host that has gone silent is frozen.
  void Tick(Host& host);

 private:
  void KeepTelemetry(Host& host, const Report& report, bool decided);
  void Decide(Host& host);
  // The decision is to act: unless something else forbids it, plan.
  void Act(Host& host);
  // Why a host that needs a plan gets none now; empty code: it may get one.
  Standing Obstacle(const Host& host) const;
  void Carry(Host& host, const balance::Snapshot& snapshot,
             const balance::PlanRequest& request,
             const balance::Proposal& proposal);
  void Propose(Host& host, PlanRecord plan);
  // Notes why the host is not planned. What lasts for two reports running is
  // recorded, when it is not what was recorded last.
  void Stand(Host& host, Standing standing);
  void RecordStanding(Host& host);

  Store& store_;
  Journal& journal_;
  PlanBook& plans_;
  const Clock& clock_;
  const MayFly may_fly_;
  PolicyRecord policy_;
  std::unique_ptr<balance::Planner> planner_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_BALANCE_LOOP_H_
