#include "controller/rpc/audit_service.h"

#include <optional>
#include <utility>

#include "common/status.h"
#include "controller/rpc/convert_audit.h"
#include "controller/rpc/unary_call.h"

namespace lb::controller {
namespace {

void FillRecords(const Page<AuditRecord>& page,
                 v1::ListAuditRecordsResponse& response) {
  for (const AuditRecord& record : page.items) {
    FillAuditRecord(record, *response.add_records());
  }
  response.set_next_page_token(page.next_page_token);
}

void FillVerified(const VerifiedAudit& verified,
                  v1::VerifyAuditResponse& response) {
  response.set_first_sequence(verified.first_sequence);
  response.set_last_sequence(verified.head.sequence);
  response.set_last_hash(ToHex(verified.head.hash));
}

}  // namespace

grpc::ServerUnaryReactor* AuditService::ListAuditRecords(
    grpc::CallbackServerContext* context,
    const v1::ListAuditRecordsRequest* request,
    v1::ListAuditRecordsResponse* response) {
  return Serve(
      entrance_, context, request, response, FillRecords,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        core.queries.ListAudit(request->page_size(), request->page_token(),
                               std::move(done));
      });
}

grpc::ServerUnaryReactor* AuditService::VerifyAudit(
    grpc::CallbackServerContext* context, const v1::VerifyAuditRequest* request,
    v1::VerifyAuditResponse* response) {
  return Serve(
      entrance_, context, request, response, FillVerified,
      [request](const CoreAccess& core, const Call& /*call*/, auto done) {
        const auto outside = OutsideHeadFrom(*request);
        if (!outside.ok()) return done(outside.status());
        core.queries.VerifyAudit(*outside, std::move(done));
      });
}

}  // namespace lb::controller
