// All hosts and their streams: who may speak for which host, and what to do
// with what they say. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_FLEET_H_
#define LB_CONTROLLER_CORE_FLEET_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "balance/planner.h"
#include "controller/core/agent_link.h"
#include "controller/core/agent_messages.h"
#include "controller/core/balance_loop.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/plan_book.h"
#include "controller/core/store.h"

namespace lb::controller {

using PlannerFactory =
    std::function<absl::StatusOr<std::unique_ptr<balance::Planner>>(
        balance::PlannerKind)>;

class Fleet {
 public:
  static constexpr std::chrono::milliseconds kTick{500};
  // How far back a start looks for moves whose buckets must cool.
  static constexpr std::chrono::hours kLookBack{24};
  // Repeated refusals of one host's duplicate are one event a minute.
  static constexpr std::chrono::minutes kDuplicateEventInterval{1};
  // Share of the connected hosts, at least one, with plans in flight. A plan
  // that is overdue counts no more.
  static constexpr std::size_t kInFlightPercent = 5;

  // All outlive the fleet, and the loop runs nothing more once it is gone.
  Fleet(EventLoop& loop, Store& store, Journal& journal, EventHub& hub,
        const Clock& clock, PlannerFactory planners);

  // Loads what the store has, applies `policy` if there is one and it differs
  // from the stored one, and begins to tick. Streams may be opened once
  // `ready` was called with OK.
  void Start(std::optional<balance::Policy> policy,
             std::function<void(absl::Status)> ready);

  // Holds for every host from when it is committed; agents are told.
  // UNIMPLEMENTED if there is no such planner; nothing is changed then.
  void ChangePolicy(const balance::Policy& policy,
                    std::function<void(absl::Status)> done);

  // A stream begins with `hello`. Returns its session; or 0, having closed the
  // link with INVALID_ARGUMENT, FAILED_PRECONDITION or, while another instance
  // of the host has a stream, ALREADY_EXISTS.
  SessionId Open(std::shared_ptr<AgentLink> link, const Hello& hello);
  // What a stream says afterwards. Sessions that are over are ignored. On
  // INVALID_ARGUMENT the link is closed.
  void OnReport(SessionId id, const Report& report);
  void OnPlanResult(SessionId id, const PlanResult& result);
  void OnTableChanged(SessionId id, const TableChanged& changed);
  void OnAgentEvent(SessionId id, const AgentEvent& event);
  // The stream is gone.
  void OnClosed(SessionId id);
  // Asks every agent to come back after a while, and ends its stream.
  void CloseAll(const GoAway& go_away);

  const std::map<std::string, std::unique_ptr<Host>>& hosts() const {
    return hosts_;
  }
  const PolicyRecord& policy() const { return balance_.policy(); }

 private:
  void OnLoaded(StoredState state, std::optional<balance::Policy> policy,
                std::function<void(absl::Status)> ready);
  void RestoreHosts(StoredState state);
  absl::Status SetPolicy(const PolicyRecord& policy);
  void ScheduleTick();
  void Tick();

  Host* Find(SessionId id);
  Host& FindOrAdd(const std::string& name);
  bool Refuse(Host& host, const Hello& hello, AgentLink& link);
  void TakeOver(Host& host, const Hello& hello);
  std::string FencedReason(const Host& host, const Hello& hello) const;
  void NoteConnected(Host& host);
  void Lose(Host& host);
  bool MayFly() const;
  void TakeUpDirty();

  EventLoop& loop_;
  Store& store_;
  Journal& journal_;
  EventHub& hub_;
  const Clock& clock_;
  const PlannerFactory planners_;
  PlanBook plans_;
  BalanceLoop balance_;
  // Hosts are never removed, so that callbacks may keep references.
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<SessionId, Host*> sessions_;
  SessionId last_session_ = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_FLEET_H_
