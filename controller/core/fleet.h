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
#include <unordered_map>

#include "absl/status/status.h"
#include "controller/core/agent_link.h"
#include "controller/core/agent_messages.h"
#include "controller/core/balance_loop.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet_brake.h"
#include "controller/core/host.h"
#include "controller/core/journal.h"
#include "controller/core/plan_book.h"
#include "controller/core/planners.h"
#include "controller/core/store.h"

namespace lb::controller {

class Fleet {
 public:
  static constexpr std::chrono::milliseconds kTick{500};
  // How far back a start looks for moves whose buckets must cool.
  static constexpr std::chrono::hours kLookBack{24};
  // Repeated refusals of one host's duplicate are one event a minute.
  static constexpr std::chrono::minutes kDuplicateEventInterval{1};
  // The balancer sends a plan while fewer than this share of the connected
  // hosts (at least one) have one in flight. An agent that does not answer
  // holds up the others for PlanBook::kOverdue only; but when more plans than
  // that share are overdue, no further one is sent until they are answered,
  // their streams have ended, or PlanBook::kAnswerLimit is over.
  static constexpr std::size_t kInFlightPercent = 5;

  // All outlive the fleet, and the loop runs nothing more once it is gone.
  Fleet(EventLoop& loop, Store& store, Journal& journal, EventHub& hub,
        const Clock& clock, PlannerFactory planners);

  // Loads what the store has, applies `policy` if there is one and it differs
  // from the stored one, and begins to tick. Streams may be opened once
  // `ready` was called with OK.
  void Start(std::optional<balance::Policy> policy,
             std::function<void(absl::Status)> ready);

  // To what the policy file says. Holds for every host from when it is
  // committed; agents are told.
  // UNIMPLEMENTED if there is no such planner; nothing is changed then.
  void ChangePolicy(const balance::Policy& policy,
                    std::function<void(absl::Status)> done);
  // INVALID_ARGUMENT or UNIMPLEMENTED if hosts cannot be balanced by it.
  absl::Status CheckPolicy(const balance::Policy& policy);

  // A stream begins with `hello`. Returns its session; or 0, having closed the
  // link with INVALID_ARGUMENT, FAILED_PRECONDITION or, while another instance
  // of the host has a stream, ALREADY_EXISTS.
  SessionId Open(std::shared_ptr<AgentLink> link, const Hello& hello);
  // What a stream says afterwards. Sessions that are over are ignored. On
  // INVALID_ARGUMENT the link is closed.
  void OnReport(SessionId id, Report report);
  void OnPlanResult(SessionId id, const PlanResult& result);
  // More than ten at once and one a second of a host are told together.
  void OnTableChanged(SessionId id, const TableChanged& changed);
  // More than ten at once and one a second of a host are counted only.
  void OnAgentEvent(SessionId id, const AgentEvent& event);
  void OnAnswer(SessionId id, const Answer& answer);
  // The stream is gone.
  void OnClosed(SessionId id);
  // Asks every agent to come back after a while, and ends its stream.
  void CloseAll(const GoAway& go_away);

  // Where answers to queries go.
  void set_on_answer(
      std::function<void(const std::string& host, const Answer& answer)> sink) {
    on_answer_ = std::move(sink);
  }
  // Where sound measurements go as they arrive.
  void set_on_sample(std::function<void(const ProcessorSample&)> sink) {
    balance_.set_on_sample(std::move(sink));
  }
  void set_on_unsplittable(
      std::function<void(const std::string& host, BucketId, double bound)>
          sink) {
    balance_.set_on_unsplittable(std::move(sink));
  }
  // The stream of a host; null if it is not connected.
  HostSession* SessionOf(const std::string& host);

  // By name; without hosts that were forgotten.
  const std::map<std::string, std::unique_ptr<Host>>& hosts() const {
    return hosts_;
  }
  // Null if there is none. Never deleted while the fleet lives.
  Host* FindHost(const std::string& name);
  // Whether there is a history of the host: it is there, or was and was
  // forgotten.
  bool Knows(const std::string& name) const;
  const PolicyRecord& policy() const { return balance_.policy(); }
  const PolicyRecord& PolicyOf(const Host& host) const {
    return balance_.PolicyOf(host);
  }
  const std::optional<Pause>& pause() const { return balance_.pause(); }
  Planners& planners() { return planners_; }
  PlanBook& plans() { return plans_; }

  // What follows takes up in memory what was committed before.
  void SetDefaultPolicy(const PolicyRecord& policy);
  // None: the host follows the default again.
  void SetHostPolicy(Host& host, std::optional<PolicyRecord> policy);
  void SetIntent(Host& host, HostIntent intent);
  void SetPause(std::optional<Pause> pause);
  // Requires a host that is not connected.
  void Forget(const std::string& name);
  // The store has another term: every host that is fenced is asked for a new
  // hello, which tells whether it still is.
  void OnAdopted();
  // The highest term that this store or a connected agent has seen.
  Term HighestSeenTerm() const;
  // Whether the store or a connected host is fenced.
  bool AnyFenced() const;

 private:
  void OnLoaded(StoredState state, std::optional<balance::Policy> policy,
                std::function<void(absl::Status)> ready);
  void RestoreHosts(StoredState state);
  void ScheduleTick();
  void Tick();

  Host* Find(SessionId id);
  Host& FindOrAdd(const std::string& name);
  void SendDrain(Host& host);
  bool Refuse(Host& host, const Hello& hello, AgentLink& link);
  void TakeOver(Host& host, const Hello& hello);
  std::string FencedReason(const Host& host, const Hello& hello) const;
  void NoteConnected(Host& host);
  // Commits the change with the host's record; what cannot be committed is
  // tried again, the record at least.
  void Keep(Host& host, Change change);
  void Lose(Host& host);
  bool MayFly();
  void HaltIfWrong();

  EventLoop& loop_;
  Store& store_;
  Journal& journal_;
  EventHub& hub_;
  const Clock& clock_;
  Planners planners_;
  FleetBrake brake_;
  bool halting_ = false;
  PlanBook plans_;
  BalanceLoop balance_;
  // Hosts are never deleted, so that callbacks may keep references: what was
  // forgotten is kept aside, and taken back when it connects again.
  std::map<std::string, std::unique_ptr<Host>> hosts_;
  std::map<std::string, std::unique_ptr<Host>> forgotten_;
  std::unordered_map<SessionId, Host*> sessions_;
  SessionId last_session_ = 0;
  std::function<void(const std::string&, const Answer&)> on_answer_ =
      [](const std::string&, const Answer&) {};
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_FLEET_H_
