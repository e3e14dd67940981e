// A link that keeps what it is given, for a test to look at. One thread.
#ifndef LB_TESTS_AGENT_FAKE_LINK_H_
#define LB_TESTS_AGENT_FAKE_LINK_H_

#include <cstdint>
#include <vector>

#include "agent/controller_link.h"

namespace lb::agent {

class FakeLink final : public ControllerLink {
 public:
  std::uint64_t Open(const Hello& hello) override {
    hellos.push_back(hello);
    open = true;
    return ++session;
  }
  void Close() override { open = false; }
  bool TrySend(const Report& report) override {
    if (!room) return false;
    reports.push_back(report);
    return true;
  }
  void Send(const PlanResult& result) override { results.push_back(result); }
  void Send(const TableChanged& change) override { changes.push_back(change); }
  void Send(const AgentEvent& event) override { events.push_back(event); }
  void Send(const Answer& answer) override { answers.push_back(answer); }

  bool open = false;
  bool room = true;  // for a report
  std::uint64_t session = 0;
  std::vector<Hello> hellos;
  std::vector<Report> reports;
  std::vector<PlanResult> results;
  std::vector<TableChanged> changes;
  std::vector<AgentEvent> events;
  std::vector<Answer> answers;
};

}  // namespace lb::agent

#endif  // LB_TESTS_AGENT_FAKE_LINK_H_
