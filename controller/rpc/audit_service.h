// AuditService: answers from core's queries.
#ifndef LB_CONTROLLER_RPC_AUDIT_SERVICE_H_
#define LB_CONTROLLER_RPC_AUDIT_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/audit_service.grpc.pb.h"

namespace lb::controller {

class AuditService final : public v1::AuditService::CallbackService {
 public:
  explicit AuditService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* ListAuditRecords(
      grpc::CallbackServerContext* context,
      const v1::ListAuditRecordsRequest* request,
      v1::ListAuditRecordsResponse* response) override;
  grpc::ServerUnaryReactor* VerifyAudit(
      grpc::CallbackServerContext* context,
      const v1::VerifyAuditRequest* request,
      v1::VerifyAuditResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_AUDIT_SERVICE_H_
