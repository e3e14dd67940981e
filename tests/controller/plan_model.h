// A world to try the controller's core in: agents that behave, streams that
// break, a store that fails and is put back, operators. What happens next is
// drawn from a seed. Every step is held against the rules of a plan's life and
// of identity; see plan_model.cc. One thread.
#ifndef LB_TESTS_CONTROLLER_PLAN_MODEL_H_
#define LB_TESTS_CONTROLLER_PLAN_MODEL_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/controller_harness.h"

namespace lb::controller {

// What the controller sent, in its order, until the agent reads it.
struct Closed {};
using ToAgent = std::variant<PlanCommand, std::pair<Term, Epoch>, Closed>;

// An agent as the controller's contract has it: what it has seen, and the
// result that was not acknowledged, outlive its process.
struct ModelAgent {
  explicit ModelAgent(SimulatedHost simulated) : host(std::move(simulated)) {}

  SimulatedHost host;
  int instance = 1;
  Term seen_term;
  Epoch seen_epoch;
  std::optional<PlanResult> unacknowledged;
  std::shared_ptr<std::deque<ToAgent>> incoming;  // null: no stream
  SessionId session = 0;
  bool reported = false;  // on this stream
  std::set<std::pair<Term, Epoch>> applied;
};

class PlanModel {
 public:
  explicit PlanModel(std::uint64_t seed);

  // One thing happens.
  void Step();
  // Everything heals: what was asked for must then be so.
  void Quieten();

  std::size_t plans_sent() const { return plans_sent_; }
  std::size_t applied() const { return applied_; }
  std::size_t adoptions() const { return adoptions_; }

 private:
  class Link;

  std::size_t Draw(std::size_t below) { return random_() % below; }
  // Nothing goes wrong by chance while it is quiet.
  bool Chance(std::size_t percent) { return !quiet_ && Draw(100) < percent; }
  ModelAgent& AnyAgent() { return agents_[Draw(agents_.size())]; }

  void Connect(ModelAgent& agent);
  void Lose(ModelAgent& agent);
  void Read(ModelAgent& agent, std::size_t messages);
  void On(ModelAgent& agent, const PlanCommand& command);
  void On(ModelAgent& agent, const std::pair<Term, Epoch>& acknowledged);
  void On(ModelAgent& agent, const Closed& closed);
  PlanResult Carry(ModelAgent& agent, const PlanCommand& command);
  void Say(ModelAgent& agent, const PlanResult& result);
  void Report(ModelAgent& agent);
  void Takeover(ModelAgent& agent);
  void RestartAgent(ModelAgent& agent);
  void RestartController();
  void PutBackStore();
  void Trouble();
  void Command();
  void CommandPlan(const Call& call, const std::string& host);

  // The rules, when something is sent and after each step.
  void CheckSent(const ModelAgent& agent, const PlanCommand& command);
  void CheckAcknowledged(const ModelAgent& agent, Term term, Epoch epoch);
  void CheckTransitions();
  void CheckStore();
  const PlanRecord* Stored(const std::string& host, Epoch epoch) const;

  std::mt19937_64 random_;
  ControllerHarness harness_;
  std::vector<ModelAgent> agents_;
  std::optional<std::pair<StoreIdentity, MemoryStore::Contents>> copy_;
  std::size_t checked_transitions_ = 0;
  bool quiet_ = false;
  std::size_t requests_ = 0;
  std::size_t plans_sent_ = 0;
  std::size_t applied_ = 0;
  std::size_t adoptions_ = 0;
  // Highest epoch sent to each host in this life of the store.
  std::map<std::string, Epoch> sent_;
  struct Rejected {
    Digest base;
    Digest digest;
    MonotonicTime when;
  };
  // What the controller that runs was told of by each host last.
  std::map<std::string, Rejected> rejected_;
};

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_PLAN_MODEL_H_
