// The parts of core that the API reaches. They may be touched only by tasks
// posted to the loop; so every call posts, and answers from there.
#ifndef LB_CONTROLLER_RPC_CORE_ACCESS_H_
#define LB_CONTROLLER_RPC_CORE_ACCESS_H_

#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/queries.h"

namespace lb::controller {

// The loop runs until every server that uses this was shut down.
struct CoreAccess {
  EventLoop& loop;
  Fleet& fleet;
  Queries& queries;
  EventHub& hub;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CORE_ACCESS_H_
