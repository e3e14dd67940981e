#include "controller/rpc/convert_audit.h"

#include "common/status.h"
#include "controller/rpc/convert_common.h"

namespace lb::controller {

static_assert(static_cast<int>(Role::kNone) == v1::ROLE_UNSPECIFIED);
static_assert(static_cast<int>(Role::kAgent) == v1::ROLE_AGENT);
static_assert(static_cast<int>(Role::kAdmin) == v1::ROLE_ADMIN);

void FillAuditRecord(const AuditRecord& record, v1::AuditRecord& message) {
  message.set_sequence(record.sequence);
  *message.mutable_time() = TimestampOf(record.time);
  message.set_caller(record.caller);
  message.set_role(static_cast<v1::Role>(record.role));
  message.set_method(record.method);
  message.set_resource(record.resource);
  message.set_outcome(record.outcome);
  message.set_error(record.error);
  message.set_reason(record.reason);
  message.set_request_id(record.request_id);
  message.set_before(record.before);
  message.set_after(record.after);
  message.set_revision(record.revision);
  message.set_hash(ToHex(record.hash));
}

absl::StatusOr<std::optional<AuditHead>> OutsideHeadFrom(
    const v1::VerifyAuditRequest& request) {
  if (request.sequence() == 0 && request.hash().empty()) return std::nullopt;
  if (request.sequence() == 0 || request.hash().empty()) {
    return absl::InvalidArgumentError(
        "a head is a sequence and a hash; give both, or neither");
  }
  AuditHead head;
  head.sequence = request.sequence();
  LB_ASSIGN_OR_RETURN(head.hash, ParseSha256(request.hash()));
  return head;
}

}  // namespace lb::controller
