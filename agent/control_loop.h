// Runs an Agent on the thread that calls it.
#ifndef LB_AGENT_CONTROL_LOOP_H_
#define LB_AGENT_CONTROL_LOOP_H_

#include "agent/agent_loop.h"
#include "agent/inbox.h"

namespace lb::agent {

// Makes the calling thread the control thread until inbox.Stop().
void RunControlLoop(Agent& agent, Inbox& inbox);

}  // namespace lb::agent

#endif  // LB_AGENT_CONTROL_LOOP_H_
