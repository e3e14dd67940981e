// An AgentLink that keeps what is sent, for a test to look at. One thread.
#ifndef LB_TESTS_SUPPORT_FAKE_AGENT_LINK_H_
#define LB_TESTS_SUPPORT_FAKE_AGENT_LINK_H_

#include <optional>
#include <utility>
#include <vector>

#include "controller/core/agent_link.h"

namespace lb::controller {

class FakeAgentLink final : public AgentLink {
 public:
  void SendWelcome(const Welcome& welcome) override {
    if (!closed) welcomes.push_back(welcome);
  }
  void SendPlan(const PlanCommand& command) override {
    if (!closed) plans.push_back(command);
  }
  void SendPlanResultAck(Term term, Epoch epoch) override {
    if (!closed) acks.emplace_back(term, epoch);
  }
  void SendPolicy(const PolicyRecord& policy) override {
    if (!closed) policies.push_back(policy);
  }
  void SendDrain(const Drain& drain) override {
    if (!closed) drains.push_back(drain);
  }
  void SendQuery(const Query& query) override {
    if (!closed) queries.push_back(query);
  }
  void SendGoAway(const GoAway& go_away) override {
    if (!closed) go_aways.push_back(go_away);
  }
  void Close(absl::Status status) override {
    if (!closed) closed = std::move(status);
  }

  std::vector<Welcome> welcomes;
  std::vector<PlanCommand> plans;
  std::vector<std::pair<Term, Epoch>> acks;
  std::vector<PolicyRecord> policies;
  std::vector<Drain> drains;
  std::vector<Query> queries;
  std::vector<GoAway> go_aways;
  std::optional<absl::Status> closed;
};

}  // namespace lb::controller

#endif  // LB_TESTS_SUPPORT_FAKE_AGENT_LINK_H_
