// The API's methods, found by the message that only they take: what to call,
// and who may. Pure; any thread.
#ifndef LB_CLI_API_METHOD_H_
#define LB_CLI_API_METHOD_H_

#include <google/protobuf/descriptor.h>

#include <string>

#include "lb/v1/access.pb.h"

namespace lb::cli {

struct ApiMethod {
  std::string path;                      // "/lb.v1.HostService/GetHost"
  v1::Role role = v1::ROLE_UNSPECIFIED;  // the least that may call it
};

// Requires a message that is the request of a method in its own file.
ApiMethod MethodOf(const google::protobuf::Descriptor& request);

}  // namespace lb::cli

#endif  // LB_CLI_API_METHOD_H_
