// The one place where our statuses become gRPC's. Pure.
#ifndef LB_CONTROLLER_RPC_STATUS_MAP_H_
#define LB_CONTROLLER_RPC_STATUS_MAP_H_

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace lb::controller {

// The same code and message: Abseil's codes are gRPC's. Errors carry a
// google.rpc.Status with one ErrorInfo in the domain "lb", whose reason is
// ErrorReason()'s.
grpc::Status ToGrpc(const absl::Status& status);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_STATUS_MAP_H_
