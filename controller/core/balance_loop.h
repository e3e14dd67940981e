// The loop of one host after another: on each report smooth, decide, plan,
// and hand the plan to be committed and sent; else say why not. On the loop's
// thread.
#ifndef LB_CONTROLLER_CORE_BALANCE_LOOP_H_
#define LB_CONTROLLER_CORE_BALANCE_LOOP_H_

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "balance/planner.h"
#include "common/clock.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/plan_book.h"
#include "controller/core/planners.h"
#include "controller/core/store.h"

namespace lb::controller {

class BalanceLoop {
 public:
  // How often bucket loads are kept, besides at decisions.
  static constexpr std::chrono::seconds kBucketSampleInterval{10};

  // Whether one more host may have a plan in flight.
  using MayFly = std::function<bool()>;

  // All outlive the loop.
  BalanceLoop(Store& store, Journal& journal, PlanBook& plans,
              Planners& planners, const Clock& clock, MayFly may_fly)
      : store_(store),
        journal_(journal),
        plans_(plans),
        planners_(planners),
        clock_(clock),
        may_fly_(std::move(may_fly)) {}

  // Where measurements go, besides the store.
  void set_on_sample(std::function<void(const ProcessorSample&)> sink) {
    on_sample_ = std::move(sink);
  }

  // Where a bucket goes that no plan can split, when it is found or another.
  void set_on_unsplittable(
      std::function<void(const std::string& host, BucketId, double bound)>
          sink) {
    on_unsplittable_ = std::move(sink);
  }

  // The default, which holds for every decision from now on over hosts without
  // a policy of their own. There is a planner of its kind.
  void SetPolicy(const PolicyRecord& policy) { policy_ = policy; }
  const PolicyRecord& policy() const { return policy_; }
  const PolicyRecord& PolicyOf(const Host& host) const {
    return host.record.policy ? *host.record.policy : policy_;
  }
  // Of the whole fleet.
  void SetPause(std::optional<Pause> pause) { pause_ = std::move(pause); }
  const std::optional<Pause>& pause() const { return pause_; }

  // A report that the host's session has accepted.
  void OnReport(Host& host, Report report);
  // Its policy, its intent or a pause changed: drains and pins are carried out
  // at once, everything else from the next report on.
  void OnWishesChanged(Host& host);
  // The host's flight is settled: what was put off for it is taken up.
  void TakeUp(Host& host);
  // There may be room in the fleet: hosts that were put off for it are taken
  // up, in their order.
  void TakeUpWaiting();
  // Time passed: a host that has gone silent is frozen.
  void Tick(Host& host);

 private:
  // `buckets` are the report's, which has none itself any more.
  void KeepTelemetry(Host& host, const Report& report, WallTime time,
                     std::vector<BucketLoad> buckets);
  void Decide(Host& host);
  void Measure(Host& host);
  // The policy's, unless a pause holds.
  balance::Mode ModeOf(const Host& host) const;
  // The decision is to act: unless something else forbids it, plan.
  void Act(Host& host);
  // Why a host that needs a plan gets none now; empty code: it may get one.
  Standing Obstacle(const Host& host) const;
  // The agent refused a plan lately: any plan waits.
  Standing LastRefusal(const Host& host) const;
  // The agent refused this very plan lately.
  Standing Refused(const Host& host, const PlanRecord& plan) const;
  // Brings pinned buckets to their processors.
  void CarryPins(Host& host, const std::vector<Move>& moves);
  void Carry(Host& host, const balance::Proposal& proposal,
             PlannerInputs inputs);
  // Tells of the bucket that makes the bound, if it is another than before.
  void NameUnsplittable(Host& host, const balance::Proposal& proposal);
  // The plan of a proposal, made because of `why`; none if it must not be
  // sent, which is then the host's standing.
  std::optional<PlanRecord> Draft(Host& host, Standing why,
                                  const balance::Proposal& proposal,
                                  PlannerInputs inputs);
  void Propose(Host& host, PlanRecord plan);
  // Notes why the host is not planned. What lasts for two reports running is
  // recorded, when MayRecord(); then true.
  bool Stand(Host& host, Standing standing);
  // Whether what stands is not what was recorded last, and not too much was
  // recorded of late. True: it is to be recorded now, and counts.
  bool MayRecord(Host& host) const;
  // For a verdict of Decide(): with what it was given.
  void StandBy(Host& host);
  void Record(Host& host, std::string measurement,
              std::optional<PlannerInputs> inputs);

  Store& store_;
  Journal& journal_;
  PlanBook& plans_;
  Planners& planners_;
  const Clock& clock_;
  const MayFly may_fly_;
  std::function<void(const ProcessorSample&)> on_sample_ =
      [](const ProcessorSample&) {};
  std::function<void(const std::string&, BucketId, double)> on_unsplittable_ =
      [](const std::string&, BucketId, double) {};
  PolicyRecord policy_;
  std::optional<Pause> pause_;
  // Hosts put off because as many as allowed had plans in flight. Those that
  // are not dirty any more are passed over.
  std::deque<Host*> waiting_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_BALANCE_LOOP_H_
