// BucketService: pins, carried out by core's commands.
#ifndef LB_CONTROLLER_RPC_BUCKET_SERVICE_H_
#define LB_CONTROLLER_RPC_BUCKET_SERVICE_H_

#include "controller/rpc/entrance.h"
#include "lb/v1/bucket_service.grpc.pb.h"

namespace lb::controller {

class BucketService final : public v1::BucketService::CallbackService {
 public:
  explicit BucketService(Entrance& entrance) : entrance_(entrance) {}

  grpc::ServerUnaryReactor* PinBucket(grpc::CallbackServerContext* context,
                                      const v1::PinBucketRequest* request,
                                      v1::PinBucketResponse* response) override;
  grpc::ServerUnaryReactor* UnpinBucket(
      grpc::CallbackServerContext* context,
      const v1::UnpinBucketRequest* request,
      v1::UnpinBucketResponse* response) override;

 private:
  Entrance& entrance_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_BUCKET_SERVICE_H_
