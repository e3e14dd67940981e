// The call that a request of lb.v1 makes, in core's words. Pure; any thread.
#ifndef LB_CONTROLLER_RPC_CALL_OF_H_
#define LB_CONTROLLER_RPC_CALL_OF_H_

#include <string>
#include <utility>

#include "controller/core/access.h"
#include "controller/rpc/method_access.h"
#include "google/protobuf/message.h"

namespace lb::controller {

// SHA-256 of the message, 32 bytes; equal messages have equal ones.
std::string HashOfRequest(const google::protobuf::Message& request);

// What the request is about: its name, or else its parent, or else the
// controller itself.
template <class Request>
std::string ResourceOf(const Request& request) {
  if constexpr (requires { request.name(); }) {
    return request.name();
  } else if constexpr (requires { request.parent(); }) {
    return request.parent();
  } else {
    return "controller";
  }
}

template <class Request>
Call CallOf(Caller caller, const Request& request) {
  Call call;
  call.caller = std::move(caller);
  call.method = MethodOf<Request>().name;
  call.resource = ResourceOf(request);
  if constexpr (requires { request.request_id(); }) {
    call.reason = request.reason();
    call.request_id = request.request_id();
    call.request_hash = HashOfRequest(request);
    call.validate_only = request.validate_only();
  }
  return call;
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_CALL_OF_H_
