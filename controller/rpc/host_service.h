// HostService: answers from core's queries, watches from its host hub.
#ifndef LB_CONTROLLER_RPC_HOST_SERVICE_H_
#define LB_CONTROLLER_RPC_HOST_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/host_service.grpc.pb.h"

namespace lb::controller {

class HostService final : public v1::HostService::CallbackService {
 public:
  explicit HostService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* ListHosts(grpc::CallbackServerContext* context,
                                      const v1::ListHostsRequest* request,
                                      v1::ListHostsResponse* response) override;
  grpc::ServerUnaryReactor* GetHost(grpc::CallbackServerContext* context,
                                    const v1::GetHostRequest* request,
                                    v1::GetHostResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchHostsResponse>* WatchHosts(
      grpc::CallbackServerContext* context,
      const v1::WatchHostsRequest* request) override;
  grpc::ServerUnaryReactor* ForgetHost(
      grpc::CallbackServerContext* context,
      const v1::ForgetHostRequest* request,
      v1::ForgetHostResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_HOST_SERVICE_H_
