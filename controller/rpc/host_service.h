// HostService: answers from core's queries.
#ifndef LB_CONTROLLER_RPC_HOST_SERVICE_H_
#define LB_CONTROLLER_RPC_HOST_SERVICE_H_

#include "controller/rpc/core_access.h"
#include "lb/v1/host_service.grpc.pb.h"

namespace lb::controller {

class HostService final : public v1::HostService::CallbackService {
 public:
  explicit HostService(CoreAccess core) : core_(core) {}

  grpc::ServerUnaryReactor* ListHosts(grpc::CallbackServerContext* context,
                                      const v1::ListHostsRequest* request,
                                      v1::ListHostsResponse* response) override;
  grpc::ServerUnaryReactor* GetHost(grpc::CallbackServerContext* context,
                                    const v1::GetHostRequest* request,
                                    v1::GetHostResponse* response) override;

 private:
  const CoreAccess core_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_HOST_SERVICE_H_
