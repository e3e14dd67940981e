#include "controller/rpc/method_access.h"

#include "absl/strings/str_cat.h"
#include "lb/v1/access.pb.h"

namespace lb::controller {
namespace {

static_assert(static_cast<int>(Role::kAgent) == v1::ROLE_AGENT);
static_assert(static_cast<int>(Role::kViewer) == v1::ROLE_VIEWER);
static_assert(static_cast<int>(Role::kOperator) == v1::ROLE_OPERATOR);
static_assert(static_cast<int>(Role::kAdmin) == v1::ROLE_ADMIN);

std::optional<Role> Declared(const google::protobuf::MethodDescriptor& method) {
  const v1::Role role = method.options().GetExtension(v1::required_role);
  if (role == v1::ROLE_UNSPECIFIED || !v1::Role_IsValid(role)) {
    return std::nullopt;
  }
  return static_cast<Role>(role);
}

}  // namespace

Method FindMethod(const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    const google::protobuf::ServiceDescriptor& service = *file.service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      const google::protobuf::MethodDescriptor& method = *service.method(m);
      if (method.input_type() != &request) continue;
      return {absl::StrCat(service.full_name(), "/", method.name()),
              Declared(method),
              request.FindFieldByName("request_id") != nullptr};
    }
  }
  return {request.full_name(), std::nullopt, false};
}

}  // namespace lb::controller
