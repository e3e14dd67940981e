// Every method of lb.v1, from the descriptions that are linked in.
#ifndef LB_TESTS_CONTROLLER_API_METHODS_H_
#define LB_TESTS_CONTROLLER_API_METHODS_H_

#include <vector>

#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "lb/v1/agent_service.pb.h"
#include "lb/v1/audit_service.pb.h"
#include "lb/v1/balance_service.pb.h"
#include "lb/v1/bucket_service.pb.h"
#include "lb/v1/controller_service.pb.h"
#include "lb/v1/event_service.pb.h"
#include "lb/v1/flow_service.pb.h"
#include "lb/v1/host_service.pb.h"
#include "lb/v1/load_service.pb.h"
#include "lb/v1/plan_service.pb.h"
#include "lb/v1/policy_service.pb.h"
#include "lb/v1/processor_service.pb.h"

namespace lb::controller {

inline std::vector<const google::protobuf::MethodDescriptor*> ApiMethods() {
  std::vector<const google::protobuf::MethodDescriptor*> methods;
  // A message of each service's file.
  for (const google::protobuf::Descriptor* message :
       {v1::ConnectRequest::descriptor(), v1::VerifyAuditRequest::descriptor(),
        v1::PauseBalanceRequest::descriptor(),
        v1::PinBucketRequest::descriptor(), v1::GetStatusRequest::descriptor(),
        v1::ListEventsRequest::descriptor(), v1::TraceFlowRequest::descriptor(),
        v1::GetHostRequest::descriptor(), v1::ListLoadsRequest::descriptor(),
        v1::GetPlanRequest::descriptor(), v1::GetPolicyRequest::descriptor(),
        v1::DrainProcessorRequest::descriptor()}) {
    const google::protobuf::FileDescriptor& file = *message->file();
    EXPECT_EQ(file.service_count(), 1) << file.name();
    for (int m = 0; m < file.service(0)->method_count(); ++m) {
      methods.push_back(file.service(0)->method(m));
    }
  }
  return methods;
}

}  // namespace lb::controller

#endif  // LB_TESTS_CONTROLLER_API_METHODS_H_
