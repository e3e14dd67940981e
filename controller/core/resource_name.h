// Names of things in the API: hosts/HOST and what lies under it. Pure.
#ifndef LB_CONTROLLER_CORE_RESOURCE_NAME_H_
#define LB_CONTROLLER_CORE_RESOURCE_NAME_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "common/ids.h"

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

// hosts/HOST/decisions/REVISION.
struct DecisionResource {
  std::string host;
  std::uint64_t revision = 0;  // from 1
};
absl::StatusOr<DecisionResource> ParseDecisionName(std::string_view name);
std::string DecisionName(std::string_view host, std::uint64_t revision);

// A plan, a proposal, or a decision not to plan.
using VerdictResource = std::variant<PlanResource, DecisionResource>;
absl::StatusOr<VerdictResource> ParseVerdictName(std::string_view name);

// hosts/HOST/processors/I. Whether the host has it is not known here.
struct ProcessorResource {
  std::string host;
  ProcessorId processor;
};
absl::StatusOr<ProcessorResource> ParseProcessorName(std::string_view name);

// hosts/HOST/buckets/B. Whether the host has it is not known here.
struct BucketResource {
  std::string host;
  BucketId bucket;
};
absl::StatusOr<BucketResource> ParseBucketName(std::string_view name);

// hosts/HOST/policy -> HOST; policies/default -> empty. And back.
absl::StatusOr<std::string> ParsePolicyName(std::string_view name);
std::string PolicyName(std::string_view host);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_RESOURCE_NAME_H_
