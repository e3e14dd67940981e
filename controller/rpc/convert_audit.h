// The audit as messages. Pure.
#ifndef LB_CONTROLLER_RPC_CONVERT_AUDIT_H_
#define LB_CONTROLLER_RPC_CONVERT_AUDIT_H_

#include <optional>

#include "absl/status/statusor.h"
#include "controller/core/audit.h"
#include "lb/v1/audit_service.pb.h"

namespace lb::controller {

void FillAuditRecord(const AuditRecord& record, v1::AuditRecord& message);

// The head that was noted earlier; none if the request names none.
// INVALID_ARGUMENT unless number and hash are both there or both absent.
absl::StatusOr<std::optional<AuditHead>> OutsideHeadFrom(
    const v1::VerifyAuditRequest& request);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CONVERT_AUDIT_H_
