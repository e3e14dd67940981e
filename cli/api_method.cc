#include "cli/api_method.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace lb::cli {

ApiMethod MethodOf(const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    const google::protobuf::ServiceDescriptor& service = *file.service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      const google::protobuf::MethodDescriptor& method = *service.method(m);
      if (method.input_type() != &request) continue;
      return {absl::StrCat("/", service.full_name(), "/", method.name()),
              method.options().GetExtension(v1::required_role)};
    }
  }
  std::fprintf(stderr, "no method takes %s\n", request.full_name().c_str());
  std::abort();
}

}  // namespace lb::cli
