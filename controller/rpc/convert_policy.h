// Policies between their message and balance's type. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_POLICY_H_
#define LB_CONTROLLER_RPC_CONVERT_POLICY_H_

#include <functional>

#include "absl/status/statusor.h"
#include "balance/policy.h"
#include "controller/core/commands.h"
#include "controller/core/records.h"
#include "google/protobuf/field_mask.pb.h"
#include "lb/v1/policy.pb.h"

namespace lb::controller {

// Settings and revision, without name and etag.
void FillPolicy(const PolicyRecord& record, v1::Policy& message);
void FillNamedPolicy(const NamedPolicy& policy, v1::Policy& message);

absl::StatusOr<balance::PlannerKind> PlannerKindFrom(v1::PlannerKind planner);

// The settings of a whole message; INVALID_ARGUMENT for a mode or planner that
// is not one. Whether the numbers are in their ranges is balance's to say.
absl::StatusOr<balance::Policy> PolicyFrom(const v1::Policy& message);

using PolicyChanger = std::function<absl::Status(balance::Policy&)>;

// What sets those fields of a policy that `mask` names, or, if it is empty,
// those that are not zero. INVALID_ARGUMENT for paths that are no settings,
// and where nothing would be set.
absl::StatusOr<PolicyChanger> PolicyPatch(
    const v1::Policy& message, const google::protobuf::FieldMask& mask);

// What sets the fields that are not zero, be there any or none.
PolicyChanger PolicyOverlay(const v1::Policy& message);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_POLICY_H_
