// The seam between the agent's control loop and the wire to its controller.
#ifndef LB_AGENT_CONTROLLER_LINK_H_
#define LB_AGENT_CONTROLLER_LINK_H_

#include <cstdint>

#include "agent/messages.h"

namespace lb::agent {

// The control thread calls every method; none blocks. What arrives is put into
// an Inbox, from any thread, labelled with the session it belongs to. A link
// makes one attempt per Open(); when to try again is the loop's decision.
class ControllerLink {
 public:
  virtual ~ControllerLink() = default;

  // Begins a session with `hello` and returns its number, which rises and is
  // never 0. Ends with a LinkDown unless Close() came first. Requires that no
  // session is open.
  virtual std::uint64_t Open(const Hello& hello) = 0;

  // Ends the session, if one is open.
  virtual void Close() = 0;

  // Takes one report. False, and nothing taken, while an earlier report has
  // not left: the caller merges it with what it measures next.
  virtual bool TrySend(const Report& report) = 0;

  // Sent in the order of the calls, before a waiting report; lost if the
  // session ends first.
  virtual void Send(const PlanResult& result) = 0;
  virtual void Send(const TableChanged& changed) = 0;
  virtual void Send(const AgentEvent& event) = 0;
  virtual void Send(const Answer& answer) = 0;
};

}  // namespace lb::agent

#endif  // LB_AGENT_CONTROLLER_LINK_H_
