// What a method of lb.v1 needs of its caller, as its declaration says. Pure;
// any thread.
#ifndef LB_CONTROLLER_RPC_METHOD_ACCESS_H_
#define LB_CONTROLLER_RPC_METHOD_ACCESS_H_

#include <optional>
#include <string>

#include "controller/core/access.h"
#include "google/protobuf/descriptor.h"

namespace lb::controller {

struct Method {
  std::string name;           // "lb.v1.HostService/GetHost"
  std::optional<Role> needs;  // none was declared: refused to everybody
  bool changes = false;       // has a request_id, so its refusals are audited
};

// The method that is asked for with messages of type `request`. Every method
// has a message of its own, declared beside it. Without a method of that kind:
// one that is refused to everybody.
Method FindMethod(const google::protobuf::Descriptor& request);

template <class Request>
const Method& MethodOf() {
  static const Method* const method =
      new Method(FindMethod(*Request::descriptor()));
  return *method;
}

}  // namespace lb::controller

#endif  // LB_CONTROLLER_RPC_METHOD_ACCESS_H_
