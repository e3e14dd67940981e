// What becomes of plans: committed before they are sent, answered, measured.
// One plan of a host is in flight at a time. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_PLAN_BOOK_H_
#define LB_CONTROLLER_CORE_PLAN_BOOK_H_

#include <chrono>
#include <functional>
#include <string>

#include "common/clock.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/store.h"

namespace lb::controller {

class PlanBook {
 public:
  // How long an agent may wait before it starts a plan.
  static constexpr std::chrono::seconds kDeadline{5};
  // An agent that has not answered after this long is asked to come back with
  // a new hello, which tells what it knows.
  static constexpr std::chrono::seconds kAnswerLimit{15};

  // Called whenever a host's flight is settled.
  using Settled = std::function<void()>;

  PlanBook(Store& store, Journal& journal, const Clock& clock, Settled settled)
      : store_(store),
        journal_(journal),
        clock_(clock),
        settled_(std::move(settled)) {}

  // Commits the plan and, once it is durable, sends it. Requires a connected
  // host without a flight. If the commit fails nothing is sent.
  void Send(Host& host, PlanRecord plan);

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

 private:
  void OnCommitted(Host& host, SessionId session,
                   const absl::StatusOr<Committed>& committed);
  // A result of the plan in flight, and of one that is only in the store.
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
  void CommitMeasured(Host& host, double achieved);

  Store& store_;
  Journal& journal_;
  const Clock& clock_;
  const Settled settled_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_PLAN_BOOK_H_
