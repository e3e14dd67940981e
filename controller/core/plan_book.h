// What becomes of plans: committed before they are sent, answered, measured.
// One plan of a host is in flight at a time. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_PLAN_BOOK_H_
#define LB_CONTROLLER_CORE_PLAN_BOOK_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "balance/imbalance_index.h"
#include "common/clock.h"
#include "controller/core/fleet_brake.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/store.h"

namespace lb::controller {

// Author of the plans that nobody asked for by hand.
inline constexpr std::string_view kBalancer = "balancer";

class PlanBook {
 public:
  // How long an agent may wait before it starts a plan.
  static constexpr std::chrono::seconds kDeadline{5};
  // An agent that has not answered after this long is asked to come back with
  // a new hello, which tells what it knows.
  static constexpr std::chrono::seconds kAnswerLimit{15};
  // A plan that was not answered for so long is overdue: agents that are well
  // answer within milliseconds.
  static constexpr std::chrono::seconds kOverdue{2};

  // Called whenever a host's flight is settled.
  using Settled = std::function<void(Host&)>;

  // All outlive the book.
  PlanBook(Store& store, Journal& journal, FleetBrake& brake,
           const Clock& clock, Settled settled)
      : store_(store),
        journal_(journal),
        brake_(brake),
        clock_(clock),
        settled_(std::move(settled)) {}

  // Commits the plan and, once it is durable, sends it. Requires a connected
  // host that is not fenced and has no flight. If the commit fails nothing is
  // sent. A plan with an id is a stored proposal.
  void Send(Host& host, PlanRecord plan);
  // The same, with what else is to be committed in the same transaction: its
  // audit, request and intent. `done` is called when the plan was sent, or is
  // not going to be.
  void Send(Host& host, PlanRecord plan, Change with,
            Store::Callback<Committed> done);

  // The agent says what became of a plan. It is acknowledged when that is
  // durable, also when it is said again.
  void OnResult(Host& host, const PlanResult& result);

  // A host known from the store, before any stream: its newest plan.
  void Restore(Host& host, PlanRecord plan);
  // The stream is gone: a plan in flight is UNKNOWN until the next hello.
  void OnSessionLost(Host& host);
  // A stream begins: tells what became of a plan in flight before.
  void Reconcile(Host& host, const Hello& hello);

  // A report of the table in force: part of measuring an applied plan.
  void OnReport(Host& host, const LoadSample& load);
  // Retries what could not be committed; asks silent agents to come back.
  void Tick(Host& host);

  // Plans in flight to hosts that are connected: those that may still be
  // answered in time, and those that are overdue. After kAnswerLimit a plan is
  // neither.
  struct InFlight {
    std::size_t fresh = 0;
    std::size_t overdue = 0;
  };
  InFlight CountInFlight() const;

 private:
  void EndFlight(Host& host);
  void StartMeasuring(Host& host, const PlanRecord& plan);
  void OnCommitted(Host& host, SessionId session,
                   const absl::StatusOr<Committed>& committed);
  // A result of the plan in flight, and of one that is only in the store.
  void Settle(Host& host, const PlanResult& result);
  void SettleFlight(Host& host, const PlanResult& result);
  void SettleStored(Host& host, PlanResult result);
  void OnStoredPlan(Host& host, const PlanResult& result,
                    const absl::StatusOr<PlanRecord>& plan);
  // Takes over what the result says of the table in force; false if that
  // cannot be known without another hello.
  bool AdoptTable(Host& host, const PlanResult& result);
  // The flight is over; it stays until `update` is committed.
  void Record(Host& host, PlanUpdate update, const std::string& message);
  void RecordUnanswered(Host& host, PlanState state, const std::string& why);
  void CommitOutcome(Host& host);
  void OnOutcomeCommitted(Host& host,
                          const absl::StatusOr<Committed>& committed);
  void CommitMeasured(Host& host,
                      const std::vector<balance::ProcessorUsage>& usage);
  void OnMeasured(Host& host, std::uint64_t plan_id, double without,
                  double achieved, bool durable);

  Store& store_;
  Journal& journal_;
  FleetBrake& brake_;
  const Clock& clock_;
  const Settled settled_;
  std::set<const Host*> in_flight_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLAN_BOOK_H_
