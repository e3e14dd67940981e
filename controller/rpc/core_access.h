// The parts of core that the API reaches. They may be touched only by tasks
// posted to the loop; so every call posts, and answers from there. The clock
// may be read by any thread.
#ifndef LB_CONTROLLER_RPC_CORE_ACCESS_H_
#define LB_CONTROLLER_RPC_CORE_ACCESS_H_

#include "common/clock.h"
#include "controller/core/agent_queries.h"
#include "controller/core/commands.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/host_hub.h"
#include "controller/core/journal.h"
#include "controller/core/load_hub.h"
#include "controller/core/queries.h"

namespace lb::controller {

// The loop runs until every server that uses this was shut down.
struct CoreAccess {
  EventLoop& loop;
  const Clock& clock;
  Fleet& fleet;
  Journal& journal;
  Commands& commands;
  Queries& queries;
  AgentQueries& agent_queries;
  EventHub& events;
  HostHub& hosts;
  LoadHub& loads;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CORE_ACCESS_H_
