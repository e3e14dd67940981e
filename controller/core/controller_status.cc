#include "controller/core/controller_status.h"

#include "controller/core/host.h"

namespace lb::controller {
namespace {

void CountHosts(const Fleet& fleet, ControllerStatus& status) {
  for (const auto& [name, host] : fleet.hosts()) {
    ++status.hosts;
    if (host->connected()) ++status.connected_hosts;
    if (!host->fenced.empty()) ++status.fenced_hosts;
    if (host->flight.stage != Flight::Stage::kNone) ++status.plans_in_flight;
  }
}

}  // namespace

ControllerStatus StatusOf(const Fleet& fleet, const Store& store,
                          const Journal& journal, WallTime start_time) {
  ControllerStatus status;
  status.identity = store.identity();
  status.revision = journal.revision();
  status.head = journal.head();
  status.start_time = start_time;
  status.store = store.statistics();
  CountHosts(fleet, status);
  if (!status.identity.fenced.empty()) {
    status.state = ControllerState::kFenced;
    status.reason = status.identity.fenced;
  } else if (journal.degraded()) {
    status.state = ControllerState::kDegraded;
    status.reason =
        "the store cannot commit: no plan is sent and no change is made "
        "before it can; see the log";
  }
  return status;
}

}  // namespace lb::controller
