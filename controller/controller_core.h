// The core's parts as one process has them, wired to each other.
#ifndef LB_CONTROLLER_CONTROLLER_CORE_H_
#define LB_CONTROLLER_CONTROLLER_CORE_H_

#include "common/clock.h"
#include "controller/core/agent_queries.h"
#include "controller/core/commands.h"
#include "controller/core/elephant_notes.h"
#include "controller/core/event_hub.h"
#include "controller/core/event_loop.h"
#include "controller/core/fleet.h"
#include "controller/core/host_hub.h"
#include "controller/core/journal.h"
#include "controller/core/load_hub.h"
#include "controller/core/queries.h"
#include "controller/core/store.h"
#include "controller/rpc/core_access.h"

namespace lb::controller {

// Made before the loop runs, and outlives its last task; in between they are
// the loop's.
struct ControllerCore {
  // All outlive the parts.
  ControllerCore(EventLoop& loop, Store& store, const Clock& clock);
  ControllerCore(const ControllerCore&) = delete;
  ControllerCore& operator=(const ControllerCore&) = delete;

  CoreAccess access();

  EventLoop& loop;
  const Clock& clock;
  EventHub events;
  Journal journal;
  Fleet fleet;
  Queries queries;
  Commands commands;
  AgentQueries agent_queries;
  ElephantNotes elephant_notes;
  HostHub hosts;
  LoadHub loads;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CONTROLLER_CORE_H_
