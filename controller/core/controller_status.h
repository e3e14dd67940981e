// How the controller itself is. Pure values.
#ifndef LB_CONTROLLER_CORE_CONTROLLER_STATUS_H_
#define LB_CONTROLLER_CORE_CONTROLLER_STATUS_H_

#include <cstdint>
#include <string>

#include "common/clock.h"
#include "controller/core/fleet.h"
#include "controller/core/journal.h"
#include "controller/core/store.h"

namespace lb::controller {

enum class ControllerState : std::uint8_t {
  kActive = 1,
  // The store cannot commit: no plan is sent, changes are refused.
  kDegraded = 2,
  // The store is a backup's copy: nothing is planned until it is adopted.
  kFenced = 3,
};

struct ControllerStatus {
  ControllerState state = ControllerState::kActive;
  std::string reason;  // why it is not ACTIVE
  StoreIdentity identity;
  std::uint64_t revision = 0;  // of the last commit
  WallTime start_time;
  std::uint32_t hosts = 0;
  std::uint32_t connected_hosts = 0;
  std::uint32_t fenced_hosts = 0;
  std::uint32_t plans_in_flight = 0;
  AuditHead head;
  StoreStatistics store;
};

ControllerStatus StatusOf(const Fleet& fleet, const Store& store,
                          const Journal& journal, WallTime start_time);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_CONTROLLER_STATUS_H_
