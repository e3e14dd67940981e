// The seam from core to one connected agent. Implemented by rpc over a stream
// and by a fake in tests.
#ifndef LB_CONTROLLER_CORE_AGENT_LINK_H_
#define LB_CONTROLLER_CORE_AGENT_LINK_H_

#include "absl/status/status.h"
#include "controller/core/agent_messages.h"

namespace lb::controller {

// Called on the event loop's thread only. No call blocks or fails: messages
// are queued and sent in order; after Close, or once the agent is gone, they
// are thrown away.
class AgentLink {
 public:
  virtual ~AgentLink() = default;
  virtual void SendWelcome(const Welcome& welcome) = 0;
  virtual void SendPlan(const PlanCommand& command) = 0;
  virtual void SendPlanResultAck(Term term, Epoch epoch) = 0;
  virtual void SendPolicy(const PolicyRecord& policy) = 0;
  virtual void SendDrain(const Drain& drain) = 0;
  virtual void SendQuery(const Query& query) = 0;
  virtual void SendGoAway(const GoAway& go_away) = 0;
  // Ends the stream with `status` after what was queued.
  virtual void Close(absl::Status status) = 0;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AGENT_LINK_H_
