// Names of things in the API: hosts/HOST and what lies under it. Pure.
#ifndef LB_CONTROLLER_CORE_RESOURCE_NAME_H_
#define LB_CONTROLLER_CORE_RESOURCE_NAME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

// "hosts/HOST" -> HOST. INVALID_ARGUMENT for anything else.
absl::StatusOr<std::string> ParseHostName(std::string_view name);

// "hosts/HOST" -> HOST, "hosts/-" -> empty: all hosts. INVALID_ARGUMENT.
absl::StatusOr<std::string> ParseParent(std::string_view parent);

// hosts/HOST/plans/EPOCH or hosts/HOST/proposals/ID.
struct PlanResource {
  std::string host;
  bool proposal = false;
  std::uint64_t number = 0;  // epoch, or id of a proposal; from 1
};
absl::StatusOr<PlanResource> ParsePlanName(std::string_view name);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_RESOURCE_NAME_H_
