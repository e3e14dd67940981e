#include "controller/rpc/method_access.h"

#include <map>
#include <string>

#include "gtest/gtest.h"
#include "lb/v1/agent_service.grpc.pb.h"
#include "tests/controller/api_methods.h"

namespace lb::controller {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;

TEST(MethodAccess, EveryMethodDeclaresItsRoleAndHasAMessageOfItsOwn) {
  std::map<const Descriptor*, std::string> seen;
  for (const MethodDescriptor* method : ApiMethods()) {
    const Method found = FindMethod(*method->input_type());
    EXPECT_EQ(found.name,
              method->service()->full_name() + "/" + method->name());
    EXPECT_TRUE(found.needs.has_value())
        << method->full_name() << " needs option (required_role)";
    EXPECT_TRUE(seen.emplace(method->input_type(), found.name).second)
        << method->full_name() << " shares its message with "
        << seen[method->input_type()];
  }
}

TEST(MethodAccess, ChangesAreThoseWithARequestId) {
  for (const MethodDescriptor* method : ApiMethods()) {
    const Method found = FindMethod(*method->input_type());
    const bool reads = !found.needs || *found.needs <= Role::kViewer;
    EXPECT_EQ(found.changes, !reads) << method->full_name();
  }
}

TEST(MethodAccess, AMessageThatAsksForNothingIsRefusedToEverybody) {
  const Method method = FindMethod(*v1::Hello::descriptor());
  EXPECT_EQ(method.name, "lb.v1.Hello");
  EXPECT_FALSE(method.needs.has_value());
}

}  // namespace
}  // namespace lb::controller
